internal import CZlib

/// A `.keras` file: a ZIP archive, uncompressed as Keras writes it, of the model's description and its `model.weights.h5`.
enum KerasArchive {
  private static let member = "model.weights.h5"

  /// Whether `bytes` begin as an archive does.
  static func isArchive(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) }

  /// The bytes of the weights, their CRC-32 checked. `path` is what messages call the archive. Throws `KerasWeightsError.archive`.
  ///
  /// Source: APPNOTE.TXT of PKWARE, 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
  static func weights(in bytes: [UInt8], path: String) throws(KerasWeightsError) -> [UInt8] {
    func number(_ offset: Int, _ size: Int) throws(KerasWeightsError) -> Int {
      guard offset >= 0, offset + size <= bytes.count else { throw .archive(path: path, problem: "it is cut off") }
      return (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    let end = try directoryEnd(bytes, path: path)
    var place = try number(end + 16, 4)
    for _ in 0..<(try number(end + 10, 2)) {
      guard try number(place, 4) == 0x0201_4B50 else {
        throw .archive(path: path, problem: "its directory is damaged")
      }
      let nameLength = try number(place + 28, 2)
      let next = place + 46 + nameLength + (try number(place + 30, 2)) + (try number(place + 32, 2))
      guard next <= bytes.count else { throw .archive(path: path, problem: "its directory is damaged") }
      if bytes[place + 46..<place + 46 + nameLength].elementsEqual(member.utf8) {
        let (size, header) = (try number(place + 24, 4), try number(place + 42, 4))
        guard try number(place + 10, 2) == 0, try number(place + 20, 4) == size, size != 0xFFFF_FFFF else {
          throw .archive(path: path, problem: "\(member) in it is compressed or larger than 4 GB")
        }
        let begin = header + 30 + (try number(header + 26, 2)) + (try number(header + 28, 2))
        guard begin + size <= bytes.count else { throw .archive(path: path, problem: "\(member) in it is cut off") }
        let content = Array(bytes[begin..<begin + size])
        guard Int(unsafe crc32_z(0, content, content.count)) == (try number(place + 16, 4)) else {
          throw .archive(path: path, problem: "\(member) in it is damaged (CRC-32)")
        }
        return content
      }
      place = next
    }
    throw .archive(path: path, problem: "there is no \(member) in it")
  }

  /// Where the record stands that ends an archive: 22 bytes and a comment before the file's end.
  private static func directoryEnd(_ bytes: [UInt8], path: String) throws(KerasWeightsError) -> Int {
    let last = bytes.count - 22
    let first = max(0, last - 65_535)
    if first <= last {
      for place in stride(from: last, through: first, by: -1)
      where bytes[place..<place + 4].elementsEqual([0x50, 0x4B, 0x05, 0x06]) {
        return place
      }
    }
    throw .archive(path: path, problem: "it is cut off")
  }
}
