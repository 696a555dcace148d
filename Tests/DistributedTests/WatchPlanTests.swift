import Testing

@testable import Distributed

/// Who hears whom, who speaks, and when.
struct WatchPlanTests {
  /// Three ranks on a, two on b, one on c.
  private let plan = WatchPlan(
    token: 1,
    members: [0, 0, 1, 0, 1, 2].enumerated().map {
      WatchPlan.Member(rank: $0, node: $1, host: ["a", "b", "c"][$1], addresses: [])
    })

  @Test
  func rankZeroAndOneRankOfEachNodeHearEverybody() {
    #expect(plan.deputies == [0, 2, 5])
    for listener in plan.deputies {
      #expect(plan.senders(to: listener) == (0..<6).filter { $0 != listener })
    }
  }

  @Test
  func theOthersHearThoseWhoSpeakFirst() {
    #expect(plan.senders(to: 1) == [0] && plan.senders(to: 3) == [0])
    #expect(plan.senders(to: 4) == [0, 2])
    #expect(plan.speakers(before: 0) == [] && plan.speakers(before: 5) == [0])
    #expect(plan.speakers(before: 4) == [0, 2] && plan.speakers(before: 1) == [0])
    for rank in 0..<6 { #expect(Set(plan.speakers(before: rank)).isSubset(of: plan.senders(to: rank))) }
  }

  /// Rank 1 waits, and of the others it hears rank 0 alone, which waits too and knows whether somebody works.
  @Test
  func aRankThatHearsNotEverybodyLeavesTheEndToThoseWhoDo() {
    func verdict(hearing ranks: [Int], idle: Double, silence: Double = 0) -> StallVerdict {
      StallVerdict(
        observations: ranks.map { rank in
          StallVerdict.Observation(
            rank: rank, host: "a",
            status: RankStatus(
              step: 0, phase: .loadingData, collective: 3, kind: .broadcast, idleMilliseconds: Int(idle * 1000)),
            silence: silence)
        }, silenceLimit: 10)
    }
    #expect(!plan.mayEnd(1, idle: 70, timeout: 60, verdict(hearing: [0], idle: 70)))
    #expect(plan.mayEnd(1, idle: 70, timeout: 60, verdict(hearing: [0], idle: 70, silence: 30)))
    #expect(!plan.mayEnd(1, idle: 50, timeout: 60, verdict(hearing: [0], idle: 50, silence: 30)))
    // Rank 0 decides at the timeout, a deputy a second later, unless somebody moves.
    let all = Array(1..<6)
    #expect(plan.mayEnd(0, idle: 60, timeout: 60, verdict(hearing: all, idle: 60)))
    #expect(!plan.mayEnd(0, idle: 60, timeout: 60, verdict(hearing: all, idle: 5)))
    #expect(!plan.mayEnd(2, idle: 60, timeout: 60, verdict(hearing: [0, 1, 3, 4, 5], idle: 60)))
    #expect(plan.mayEnd(2, idle: 61, timeout: 60, verdict(hearing: [0, 1, 3, 4, 5], idle: 61)))
    #expect(!plan.mayEnd(2, idle: 3, timeout: 2, verdict(hearing: [0, 1, 3, 4, 5], idle: 0.1)), "they move")
  }

  /// The start may take minutes, of which the first steps say nothing.
  @Test
  func theFirstStepIsMeasuredWithoutTheStart() throws {
    let (board, start) = (ProgressBoard(), MonotonicClock.now)
    func after(_ seconds: UInt64) -> UInt64 { start + seconds * 1_000_000_000 }
    board.enter(.planning, at: after(90))
    board.enter(.makingPairs, at: after(100))
    board.stepEnded(1, at: after(102))
    #expect(board.medianInterval == 2)
    // A step's length is from end to end.
    board.enter(.makingPairs, at: after(105))
    board.stepEnded(2, at: after(106))
    #expect(board.medianInterval == 4)
  }

  /// The process table shows the name by which Debian's link was called.
  @Test
  func debiansNamesOfMpirunAreKnown() {
    #expect(AbruptEnd.launchers.isSuperset(of: ["mpirun", "mpirun.openmpi", "mpiexec.openmpi", "orted"]))
    #expect(AbruptEnd.launchers.allSatisfy { $0.utf8.count <= 15 }, "the process table cuts longer names")
  }

  @Test
  func theTimeoutIsTenMedianStepsAndAtLeastAMinute() {
    let usual = WatchdogSettings(program: "test")
    #expect(usual.timeout(median: nil) == 90 && usual.timeout(median: 0.03) == 60 && usual.timeout(median: 12) == 120)
    let short = WatchdogSettings(program: "test", stallTimeout: 5)
    #expect(short.timeout(median: 0.03) == 5, "what was asked for")
    #expect(short.timeout(median: nil) == 90, "nobody knows how long planning takes")
    let long = WatchdogSettings(program: "test", stallTimeout: 600)
    #expect(long.timeout(median: nil) == 600 && long.timeout(median: 100) == 600)
  }

  @Test
  func anInterfaceHasToCarryHeartbeats() throws {
    let missing = WatchdogSettings(program: "test", interface: "nosuch0")
    let error = #expect(throws: InterfaceError.self) { try missing.checkInterface(toOtherHosts: false) }
    #expect(error?.problem == .missing)
    let loopback = WatchdogSettings(program: "test", interface: "lo")
    #expect(throws: Never.self) { try loopback.checkInterface(toOtherHosts: false) }
    #expect(throws: InterfaceError.self) { try loopback.checkInterface(toOtherHosts: true) }
    #expect(throws: Never.self) { try WatchdogSettings(program: "test").checkInterface(toOtherHosts: true) }
  }

  @Test
  func theMedianIsThatOfTheLastSteps() throws {
    let board = ProgressBoard()
    #expect(!board.isUnderway && board.medianInterval == nil)
    var now = board.lastProgress
    // The last 31 count: 16 of two seconds and 15 of nine, whose mean is another.
    for step in 1...200 {
      now += UInt64(step <= 169 ? 1 : step % 2 == 0 ? 2 : 9) * 1_000_000_000
      board.stepEnded(step, at: now)
      #expect(board.isUnderway && board.lastProgress == now)
    }
    #expect(board.medianInterval == 2)
    #expect(board.status(now: board.lastProgress + 3_500_000_000, countingFrom: 0).idleMilliseconds == 3500)
    #expect(
      board.status(now: board.lastProgress + 3_500_000_000, countingFrom: board.lastProgress + 1_000_000_000)
        .idleMilliseconds == 2500, "a clock that was restarted counts from there")
    #expect(board.status(now: 0, countingFrom: 0).step == 200)
  }

  @Test
  func collectivesOfTheWholeJobAreNumbered() {
    let board = ProgressBoard()
    var status: RankStatus { board.status(now: 0, countingFrom: 0) }
    #expect(status.collective == 0 && status.kind == nil)
    board.begin(.allReduce, ofWholeJob: true)
    #expect(status.collective == 1 && status.kind == .allReduce)
    board.begin(.barrier, ofWholeJob: false)
    #expect(status.collective == 1 && status.kind == .barrier)
    let before = board.lastProgress
    board.leave()
    #expect(status.collective == 1 && status.kind == nil)
    #expect(board.lastProgress > before, "who comes back from a collective has moved")
    board.enter(.checkpoint)
    #expect(status.phase == .checkpoint)
  }
}
