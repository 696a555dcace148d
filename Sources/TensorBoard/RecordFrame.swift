/// The frame of a record in TensorFlow's record files (tensorflow/core/lib/io/record_writer.h):
///
/// | bytes | content, little endian |
/// |---|---|
/// | 8 | length n of the data |
/// | 4 | masked checksum of these 8 bytes |
/// | n | data |
/// | 4 | masked checksum of the data |
enum RecordFrame {
  /// `data` in its frame.
  static func frame(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(maskedChecksum(of: length)) + data + littleEndian(maskedChecksum(of: data))
  }

  /// The CRC-32C of `bytes`, turned and moved: the checksum of data that holds checksums would say little.
  static func maskedChecksum(of bytes: [UInt8]) -> UInt32 {
    let checksum = CRC32C.checksum(of: bytes)
    return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
