internal import Glibc

/// An IPv4 address with a port, both in the machine's byte order.
package struct DatagramAddress: Hashable, Sendable {
  package var address: UInt32
  package var port: UInt16

  package static let loopback: UInt32 = 0x7F00_0001

  package init(address: UInt32, port: UInt16) { (self.address, self.port) = (address, port) }

  /// Four numbers with dots between them, a colon and a port; nil for any other text.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let port = UInt16(parts[1]), let address = Self.address(parts[0]) else { return nil }
    self.init(address: address, port: port)
  }

  package var text: String { "\(Self.text(address)):\(port)" }

  static func text(_ address: UInt32) -> String {
    [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
  }

  static func address(_ text: some StringProtocol) -> UInt32? {
    let bytes = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard bytes.count == 4 else { return nil }
    return bytes.reduce(UInt32?(0)) { sum, byte in
      guard let sum, let byte else { return nil }
      return sum << 8 | UInt32(byte)
    }
  }
}

/// A call on a socket that did not succeed.
package struct SocketError: Error, Equatable, CustomStringConvertible {
  package let function: String
  package let code: Int32
  package var description: String {
    "heartbeats: \(function) failed: \(unsafe String(cString: strerror(code))); --stall-timeout 0 goes without them"
  }
}

/// A UDP socket for heartbeats (socket, bind, sendto, recv). Waits in ``wait(milliseconds:)`` alone.
package final class DatagramSocket: Sendable {
  package let descriptor: Int32
  /// The port that the system chose.
  package let port: UInt16

  /// Bound to a free port of `address`; 0 for every address of this host. Throws ``SocketError``.
  package init(address: UInt32) throws(SocketError) {
    let opened = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard opened >= 0 else { throw SocketError(function: "socket", code: errno) }
    var name = Self.socketAddress(DatagramAddress(address: address, port: 0))
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = unsafe withUnsafeMutablePointer(to: &name) { pointer -> String? in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        if unsafe bind(opened, raw, length) != 0 { return "bind" }
        return unsafe getsockname(opened, raw, &length) == 0 ? nil : "getsockname"
      }
    }
    if let failed {
      let code = errno
      close(opened)
      throw SocketError(function: failed, code: code)
    }
    descriptor = opened
    port = UInt16(bigEndian: name.sin_port)
  }

  deinit { close(descriptor) }

  /// Sends `bytes` to `target` as one datagram. What cannot be sent is lost, like one that the network loses.
  package func send(_ bytes: [UInt8], to target: DatagramAddress) {
    var name = Self.socketAddress(target)
    unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        _ = unsafe sendto(
          descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), raw, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Returns once a datagram is there, or after `milliseconds` (poll); whether one is.
  package func wait(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) > 0
  }

  /// The next datagram, cut to `buffer`'s size; nil where none has come.
  package func receive(into buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
    let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count >= 0 ? buffer.prefix(count) : nil
  }

  private static func socketAddress(_ address: DatagramAddress) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = address.port.bigEndian
    name.sin_addr.s_addr = address.address.bigEndian
    return name
  }
}
