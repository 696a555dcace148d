import Foundation
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1, one thread, one connection at a time.
@safe final class TestServer: Sendable {
  struct Response {
    var status = "200 OK"
    /// What Content-Length says; the body may be shorter, as when a connection breaks.
    var contentLength: Int
    var body: ArraySlice<UInt8>
    var headers: [String] = []
  }

  let port: Int
  private let listener: Int32
  private let offsets = Mutex<[Int]>([])

  /// The start of each range that was asked for, 0 where none was.
  var requestedOffsets: [Int] { offsets.withLock { $0 } }
  var url: String { "http://127.0.0.1:\(port)/" }

  /// `respond` gets the path and the first byte asked for.
  init(respond: @escaping @Sendable (_ path: String, _ offset: Int?) -> Response) {
    (listener, port) = Self.bound(isListening: true)
    let listener = listener
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else {
          // Here, not where the server ends: a number given back while this thread still asks would be another server's.
          close(listener)
          return
        }
        // Programs that other tests start must not keep it open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        let request = Self.readRequest(connection)
        let offset = request.components(separatedBy: "Range: bytes=").dropFirst().first.flatMap {
          Int($0.prefix { $0.isNumber })
        }
        self?.offsets.withLock { $0.append(offset ?? 0) }
        let path = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let response = respond(path, offset)
        let head =
          ["HTTP/1.1 \(response.status)", "Content-Length: \(response.contentLength)", "Connection: close"]
          + response.headers + ["", ""]
        Self.send(Array(head.joined(separator: "\r\n").utf8) + response.body, to: connection)
        close(connection)
      }
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// A server of one content: ranges are honoured unless `ignoringRanges`, and the connection breaks after
  /// `limit` bytes of a body.
  convenience init(serving content: [UInt8], ignoringRanges: Bool = false, breakingAfter limit: Int = .max) {
    self.init { _, offset in
      guard let offset, !ignoringRanges else {
        return Response(contentLength: content.count, body: content.prefix(limit))
      }
      guard offset < content.count else {
        return Response(
          status: "416 Range Not Satisfiable", contentLength: 0, body: [],
          headers: ["Content-Range: bytes */\(content.count)"])
      }
      let rest = content[offset...]
      return Response(
        status: "206 Partial Content", contentLength: rest.count, body: rest.prefix(limit),
        headers: ["Content-Range: bytes \(offset)-\(content.count - 1)/\(content.count)"])
    }
  }

  /// A port on which nothing listens, and nothing will: it stays bound, so that no other server gets it.
  static func closedPort() -> Int { bound(isListening: false).port }

  private static func bound(isListening: Bool) -> (socket: Int32, port: Int) {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(socket, address, size) == 0 && (!isListening || Glibc.listen(socket, 8) == 0)
          && getsockname(socket, address, &size) == 0
      }
    }
    precondition(isBound, "no port on 127.0.0.1: error \(errno)")
    return (socket, Int(UInt16(bigEndian: address.sin_port)))
  }

  private static func readRequest(_ connection: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      bytes += chunk[..<count]
      if bytes.suffix(4) == [13, 10, 13, 10] { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func send(_ bytes: [UInt8], to connection: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = Array(rest)
      let count = unsafe Glibc.send(connection, part, part.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
