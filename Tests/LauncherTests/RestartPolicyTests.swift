import Glibc
import TestSupport
import Testing

@testable import launcher

/// What `launcher supervise` starts again, and how often.
struct RestartPolicyTests {
  @Test
  func progressResetsThePauseAndTheCount() {
    var policy = RestartPolicy(limit: 100, firstDelay: 1)
    for step in [10, 20, 30, 40, 50] {
      #expect(policy.failed(70, newestCheckpoint: step, at: .zero) == .restart(delay: 1))
    }
    #expect(policy.failed(70, newestCheckpoint: 50, at: .zero) == .restart(delay: 2))
    #expect(policy.failed(70, newestCheckpoint: 60, at: .zero) == .restart(delay: 1))
    #expect(policy.restarts == 7)
  }

  @Test
  func failuresAtOneStepEndIt() {
    var policy = RestartPolicy(limit: 100, firstDelay: 1)
    #expect(policy.failed(70, newestCheckpoint: 10, at: .zero) == .restart(delay: 1))
    #expect(policy.failed(70, newestCheckpoint: 10, at: .zero) == .restart(delay: 2))
    #expect(
      policy.failed(70, newestCheckpoint: 10, at: .zero)
        == .giveUp("3 failures in a row with the newest checkpoint at step 10"))
    var never = RestartPolicy(limit: 100, firstDelay: 1)
    _ = never.failed(70, newestCheckpoint: nil, at: .zero)
    _ = never.failed(70, newestCheckpoint: nil, at: .zero)
    #expect(
      never.failed(70, newestCheckpoint: nil, at: .zero) == .giveUp("3 failures in a row before the first checkpoint"))
  }

  @Test
  func theNumberOfRestartsIsLimited() {
    var policy = RestartPolicy(limit: 2, firstDelay: 40)
    #expect(policy.failed(70, newestCheckpoint: 1, at: .zero) == .restart(delay: 40))
    #expect(policy.failed(70, newestCheckpoint: 1, at: .zero) == .restart(delay: 60), "the longest pause")
    #expect(
      policy.failed(70, newestCheckpoint: 2, at: .zero)
        == .giveUp("2 restarts within a day were allowed (--max-restarts)"))
    var none = RestartPolicy(limit: 0, firstDelay: 1)
    #expect(
      none.failed(70, newestCheckpoint: nil, at: .zero)
        == .giveUp("0 restarts within a day were allowed (--max-restarts)"))
  }

  @Test
  func aLongPauseThatWasAskedForIsKept() {
    var policy = RestartPolicy(limit: 10, firstDelay: 300)
    #expect(policy.failed(70, newestCheckpoint: 1, at: .zero) == .restart(delay: 300))
    #expect(policy.failed(70, newestCheckpoint: 1, at: .zero) == .restart(delay: 300))
  }

  /// A rank that hangs in a dead file system holds the folder's lock for longer than three pauses.
  @Test
  func aFolderInUseIsWaitedForAndIsNoFailureOfTheRun() {
    var policy = RestartPolicy(limit: 5, firstDelay: 1)
    #expect(policy.failed(137, newestCheckpoint: 10, at: .zero) == .restart(delay: 1))
    for _ in 0..<4 { #expect(policy.failed(64, newestCheckpoint: 10, at: .zero) == .restart(delay: 60)) }
    #expect(
      policy.failed(64, newestCheckpoint: 10, at: .zero)
        == .giveUp("5 restarts within a day were allowed (--max-restarts)"))
  }

  /// A run of weeks may lose more nodes than that.
  @Test
  func restartsOfThePastDayCount() {
    var policy = RestartPolicy(limit: 2, firstDelay: 1)
    func fails(hour: Int) -> RestartPolicy.Decision {
      policy.failed(70, newestCheckpoint: hour, at: .seconds(3600 * hour))
    }
    #expect(fails(hour: 1) == .restart(delay: 1) && fails(hour: 20) == .restart(delay: 1))
    #expect(fails(hour: 24) == .giveUp("2 restarts within a day were allowed (--max-restarts)"))
    #expect(fails(hour: 25) == .restart(delay: 1) && policy.restarts == 2)
    #expect(fails(hour: 43) != .restart(delay: 1) && fails(hour: 44) == .restart(delay: 1))
    #expect(!policy.leavesAlone(64), "it has been started again, if not lately")
  }

  @Test
  func whatARestartCannotHelpIsLeftAlone() {
    var policy = RestartPolicy(limit: 5, firstDelay: 1)
    for status: Int32 in [0, 64, 65, 66, 73, 75] { #expect(policy.leavesAlone(status)) }
    for status: Int32 in [1, 70, 71, 74, 137, 205] { #expect(!policy.leavesAlone(status)) }
    _ = policy.failed(70, newestCheckpoint: 1, at: .zero)
    #expect(!policy.leavesAlone(64), "the run folder may still be in use")
    #expect(policy.leavesAlone(65) && policy.leavesAlone(75))
  }

  @Test(arguments: [
    (["launcher", "--output", "run"], ["launcher", "--output", "run", "--resume", "auto"]),
    (
      ["mpirun", "-n", "4", "/opt/launcher", "train", "-o", "run", "--resume", "never", "--epochs", "2"],
      ["mpirun", "-n", "4", "/opt/launcher", "train", "-o", "run", "--epochs", "2", "--resume", "auto"]
    ),
    (
      ["mpirun", "launcher", "--resume=never", "--output=run", ":", "-n", "1", "launcher", "--output", "other"],
      ["mpirun", "launcher", "--output=run", "--resume", "auto", ":", "-n", "1", "launcher", "--output", "other"]
    ),
    (["launcher", "--resume", "x", "-o", "run"], ["launcher", "--resume", "x", "-o", "run"]),
    (["launcher", "-o", "run", "--resume=auto"], ["launcher", "-o", "run", "--resume=auto"]),
    (
      ["mpirun", "--prefix", "/opt/launcher", "/opt/launcher", "train", "-o", "run"],
      ["mpirun", "--prefix", "/opt/launcher", "/opt/launcher", "train", "-o", "run", "--resume", "auto"]
    ),
  ])
  func aRestartGoesOnFromTheNewestCheckpoint(words: [String], resumed: [String]) throws {
    let command = try SupervisedCommand(words)
    #expect(command.output == "run" && command.words == words && command.resumed == resumed)
  }

  @Test(arguments: [
    [], ["mpirun", "-n", "2"], ["launcher"], ["launcher", "train", "--output"], ["launcher", "--output="],
    ["launcher", "evaluate", "--weights", "w", "--output", "run"], ["mpirun", "-o", "run", "launcher"],
    ["launcher", "-o", "run", "--stop-signals", "TERM"], ["launcher", "-o", "run", "--stop-signals=INT,XCPU"],
    ["env", "-C", "/tmp", "launcher", "-o", "run"], ["mpirun", "-wdir", "/tmp", "launcher", "-o", "run"],
    ["mpirun", "--wdir=/tmp", "launcher", "-o", "run"], ["srun", "-D", "/tmp", "launcher", "-o", "run"],
  ])
  func whatCannotGoOnIsRefused(words: [String]) {
    #expect(throws: UsageError.self) { try SupervisedCommand(words) }
  }

  /// What the file of --config says counts where no option does.
  @Test
  func theConfigurationFileIsLookedInto() throws {
    let scratch = try TemporaryFolder()
    func command(_ text: String, _ more: String...) throws -> SupervisedCommand {
      try scratch.write(text, to: "run.yaml")
      return try SupervisedCommand(["launcher", "train", "--config", scratch("run.yaml"), "-o", "run"] + more)
    }
    let named = try command("resume: a.safetensors\n")
    #expect(named.resumed == named.words)
    #expect(try command("resume: never\n").resumed.suffix(2) == ["--resume", "auto"])
    #expect(try command("resume: a.safetensors\n", "--resume", "never").resumed.suffix(2) == ["--resume", "auto"])
    #expect(throws: UsageError.self) { try command("stop-signals: TERM\n") }
    #expect(throws: Never.self) { try command("stop-signals: TERM\n", "--stop-signals", "USR1") }
    // Its own error is the run's to report.
    #expect(throws: Never.self) { try command("no yaml: [\n") }
  }

  @Test(arguments: [
    ["launcher", "-o", "run", "--stop-signals", "TERM,usr1"], ["mpirun", "-wdir", "/tmp", "launcher", "-o", "/run"],
    ["srun", "-C", "fast", "launcher", "-o", "run"],
  ])
  func whatCanGoOnIsNot(words: [String]) {
    #expect(throws: Never.self) { try SupervisedCommand(words) }
  }

  /// A run that was heard of listens: the signal that ended it all the same left no checkpoint.
  @Test
  func aRunThatWasKilledIsNoStoppedOne() {
    #expect(Supervise.statusAfterRequest(128 + SIGUSR1, wasHeard: false) == 75)
    #expect(Supervise.statusAfterRequest(128 + SIGUSR1, wasHeard: true) == 128 + SIGUSR1)
    #expect(Supervise.statusAfterRequest(75, wasHeard: true) == 75)
  }
}
