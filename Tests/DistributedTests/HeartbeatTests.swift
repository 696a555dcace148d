import Testing

@testable import Distributed

/// Datagrams: what is written is read, and nothing else is.
struct HeartbeatTests {
  private static let token: UInt128 = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210
  private static let beat = Heartbeat(
    token: token, rank: 77, sequence: 12,
    status: RankStatus(
      step: 1_234_567_890_123, phase: .backward, collective: 5120, kind: .allReduce, idleMilliseconds: 61_250),
    timeoutMilliseconds: 60_000, endsJob: true)

  @Test
  func whatIsWrittenIsRead() {
    let bytes = Self.beat.bytes
    #expect(bytes.count == 64 && Array(bytes.prefix(8)) == Array("UnmixHB1".utf8))
    #expect(Heartbeat(bytes, token: Self.token) == Self.beat)
  }

  @Test
  func everyPhaseAndKindIsRead() {
    for phase in RankPhase.allCases {
      for kind in CollectiveKind.allCases.map(Optional.some) + [nil] {
        var beat = Self.beat
        (beat.status.phase, beat.status.kind) = (phase, kind)
        #expect(Heartbeat(beat.bytes, token: Self.token) == beat)
      }
    }
  }

  @Test
  func theBytesAreThoseOfTheFormat() {
    let bytes = Self.beat.bytes
    #expect(bytes[8] == 0x10 && bytes[23] == 0x01, "the token begins with its lowest byte")
    #expect(Array(bytes[24..<32]) == [77, 0, 0, 0, 5, 1, 1, 0])
    #expect(Array(bytes[40..<48]) == [0, 20, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[56..<64]) == [0x42, 0xEF, 0, 0, 0x60, 0xEA, 0, 0])
  }

  @Test
  func otherDatagramsAreNot() {
    let bytes = Self.beat.bytes
    for count in 0..<64 { #expect(Heartbeat(bytes.prefix(count), token: Self.token) == nil) }
    #expect(Heartbeat(bytes + [0], token: Self.token) == nil)
    #expect(Heartbeat(bytes, token: Self.token + 1) == nil)
    // Magic and token, bit by bit.
    for bit in 0..<24 * 8 {
      var other = bytes
      other[bit / 8] ^= 1 << (bit % 8)
      #expect(Heartbeat(other, token: Self.token) == nil)
    }
    for (index, value) in [(28, 12), (28, 255), (29, 12), (29, 255), (30, 2), (31, 1), (39, 128), (47, 255)] {
      var other = bytes
      other[index] = UInt8(value)
      #expect(Heartbeat(other, token: Self.token) == nil, "byte \(index) is \(value)")
    }
  }

  @Test
  func numbersThatDoNotFitStandAtTheirGreatest() throws {
    var beat = Self.beat
    beat.status.idleMilliseconds = 1 << 40
    beat.timeoutMilliseconds = 1 << 40
    let read = try #require(Heartbeat(beat.bytes, token: Self.token))
    #expect(read.status.idleMilliseconds == Int(UInt32.max) && read.timeoutMilliseconds == Int(UInt32.max))
  }

  @Test
  func addressesAreText() {
    let address = DatagramAddress(address: 0x0A4D_0001, port: 4711)
    #expect(address.text == "10.77.0.1:4711" && DatagramAddress(address.text) == address)
    for text in ["", "10.77.0.1", "10.77.0:1", "10.77.0.256:1", "10.77.0.1.2:1", "10.77..1:1", "1.2.3.4:65536"] {
      #expect(DatagramAddress(text) == nil, "\(text)")
    }
    let supervisor = SupervisorAddress(address: address, token: Self.token)
    #expect(SupervisorAddress(supervisor.text) == supervisor)
    for text in ["", "10.77.0.1:4711", "10.77.0.1:4711/", "10.77.0.1:4711/xyz", "10.77.0.1/12"] {
      #expect(SupervisorAddress(text) == nil, "\(text)")
    }
  }

  @Test
  func aDatagramReachesTheOtherSocket() throws {
    let (a, b) = (try DatagramSocket(address: DatagramAddress.loopback), try DatagramSocket(address: 0))
    var buffer = [UInt8](repeating: 0, count: Heartbeat.byteCount + 1)
    #expect(b.receive(into: &buffer) == nil && !b.wait(milliseconds: 1))
    a.send(Self.beat.bytes, to: DatagramAddress(address: DatagramAddress.loopback, port: b.port))
    a.send([1, 2, 3], to: DatagramAddress(address: DatagramAddress.loopback, port: b.port))
    #expect(b.wait(milliseconds: 10_000))
    let first = try #require(b.receive(into: &buffer))
    #expect(Heartbeat(first, token: Self.token) == Self.beat)
    #expect(try #require(b.receive(into: &buffer)) == [1, 2, 3])
  }
}
