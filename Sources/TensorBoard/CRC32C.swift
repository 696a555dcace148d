/// The CRC-32C checksum (Castagnoli's polynomial, bits reversed), as in RFC 3720, appendix B.4.
enum CRC32C {
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// The checksum's change by each value of a byte.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ polynomial : sum >> 1 }
  }

  /// The checksum of `bytes`.
  static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
  }
}
