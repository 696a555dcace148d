/// One datagram: what one rank is doing, for those who wait for it.
///
/// 64 bytes, all numbers little-endian:
///
/// | bytes | what |
/// |---|---|
/// | 0 ..< 8 | `UnmixHB1` |
/// | 8 ..< 24 | token of the job |
/// | 24 ..< 28 | rank |
/// | 28 | phase: raw value of ``RankPhase`` |
/// | 29 | raw value of ``CollectiveKind``, 0 for none |
/// | 30 | 1 where the sender ends the job, else 0 |
/// | 31 | 0 |
/// | 32 ..< 40 | steps complete |
/// | 40 ..< 48 | number of the last collective |
/// | 48 ..< 56 | sequence number of the sender's heartbeats, from 1; 0 in one that its working thread sends at its end |
/// | 56 ..< 60 | milliseconds since the sender's last progress |
/// | 60 ..< 64 | milliseconds after which the sender ends the job |
package struct Heartbeat: Equatable, Sendable {
  package var token: UInt128
  package var rank: Int
  package var sequence: UInt64
  package var status: RankStatus
  package var timeoutMilliseconds: Int
  package var endsJob: Bool

  package static let byteCount = 64
  private static let magic = Array("UnmixHB1".utf8)

  package init(
    token: UInt128, rank: Int, sequence: UInt64, status: RankStatus, timeoutMilliseconds: Int, endsJob: Bool = false
  ) {
    (self.token, self.rank, self.sequence, self.status) = (token, rank, sequence, status)
    (self.timeoutMilliseconds, self.endsJob) = (timeoutMilliseconds, endsJob)
  }

  /// The datagram; numbers that do not fit stand at their greatest value.
  package var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.reserveCapacity(Self.byteCount)
    func append<T: FixedWidthInteger>(_ value: T) {
      for byte in 0..<T.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> T(byte * 8))) }
    }
    append(token)
    append(UInt32(clamping: rank))
    bytes += [status.phase.rawValue, status.kind?.rawValue ?? 0, endsJob ? 1 : 0, 0]
    append(UInt64(clamping: status.step))
    append(UInt64(clamping: status.collective))
    append(sequence)
    append(UInt32(clamping: status.idleMilliseconds))
    append(UInt32(clamping: timeoutMilliseconds))
    return bytes
  }

  /// Reads a datagram of the job with `token`; nil for anything else, whoever sent it.
  package init?(_ bytes: some RandomAccessCollection<UInt8>, token: UInt128) {
    let bytes = Array(bytes)
    guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic) else { return nil }
    func number<T: FixedWidthInteger>(at offset: Int, as type: T.Type) -> T {
      (0..<T.bitWidth / 8).reversed().reduce(0) { $0 << 8 | T(bytes[offset + $1]) }
    }
    guard number(at: 8, as: UInt128.self) == token else { return nil }
    guard let phase = RankPhase(rawValue: bytes[28]), bytes[30] <= 1, bytes[31] == 0,
      bytes[29] == 0 || CollectiveKind(rawValue: bytes[29]) != nil,
      let step = Int(exactly: number(at: 32, as: UInt64.self)),
      let collective = Int(exactly: number(at: 40, as: UInt64.self))
    else { return nil }
    self.init(
      token: token, rank: Int(number(at: 24, as: UInt32.self)), sequence: number(at: 48, as: UInt64.self),
      status: RankStatus(
        step: step, phase: phase, collective: collective, kind: CollectiveKind(rawValue: bytes[29]),
        idleMilliseconds: Int(number(at: 56, as: UInt32.self))),
      timeoutMilliseconds: Int(number(at: 60, as: UInt32.self)), endsJob: bytes[30] == 1)
  }
}
