import Foundation
import TestSupport
import Testing

@testable import launcher

/// What is wrong with a command line is said in words and by the exit code.
struct UsageTests {
  /// All that there are, the program itself first.
  private static let commands = names(below: .ofThisProgram)

  private static func names(below command: CommandDescription) -> [[String]] {
    [[]] + command.shownSubcommands.flatMap { child in names(below: child).map { [child.commandName] + $0 } }
  }

  @Test func theListOfCommandsIsWhole() {
    for command in [
      [], ["train"], ["benchmark", "allreduce"], ["checkpoint", "verify"], ["data", "fetch"], ["demo"],
    ] {
      #expect(Self.commands.contains(command), "\(command)")
    }
  }

  @Test(arguments: commands)
  func everyCommandExplainsItself(command: [String]) throws {
    let outcome = try launch(command + ["--help"])
    #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
    #expect(outcome.standardOutput.contains("OVERVIEW: ") && outcome.standardOutput.contains("USAGE: launcher"))
  }

  private static let complete = [
    [], ["train"], ["evaluate", "--weights", "w"], ["separate", "--weights", "w", "a.png"],
    ["export", "--checkpoint", "c"], ["import", "--keras", "k"], ["verify"], ["benchmark"], ["benchmark", "step"],
    ["benchmark", "evaluate"], ["data"], ["data", "check"],
    ["data", "fetch"], ["info"], ["replay", "run"],
    ["checkpoint", "list", "r"], ["checkpoint", "show", "r"], ["checkpoint", "verify", "r"],
    ["submit", "slurm"], ["watch", "run"], ["reference", "man"],
  ]

  @Test(arguments: complete)
  func anUnknownFlagIsUsage(command: [String]) throws {
    let outcome = try launch(command + ["--no-such-flag"])
    #expect(outcome.exitCode == 64 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.contains("--no-such-flag"))
  }

  @Test(arguments: [
    (["--epochs", "0"], "--epochs"), (["--steps-per-epoch", "-1"], "--steps-per-epoch"),
    (["--global-batch", "0"], "--global-batch"), (["--validation-steps", "0"], "--validation-steps"),
    (["--learning-rate", "nan"], "--learning-rate"), (["--learning-rate", "much"], "--learning-rate"),
    (["--threads", "0"], "--threads"), (["--precision", "f16"], "--precision"), (["--recipe", "none"], "--recipe"),
    (["--recipe", "notebook", "--warm-up", "3"], "--warm-up"), (["--cool-down", "1.5"], "--cool-down"),
    (["--freeze-statistics", "-0.1"], "--freeze-statistics"),
    (["--recipe", "notebook", "--freeze-statistics", "0.5"], "--freeze-statistics"),
    (["--initial-weights", ""], "--initial-weights"), (["--scale-learning-rate", "cubic"], "--scale-learning-rate"),
    (["--recipe", "fast", "--warm-up", "-1"], "--warm-up"), (["--loss", "l3"], "--loss"),
    (["--warm-up", "5000", "--epochs", "2"], "--warm-up: 5000 steps are not fewer than the run's 3374"),
    (["--global-batch", "0", "--scale-learning-rate", "linear"], "--global-batch: 0 is less than 1"),
    (["--rounds", "9223372036854775807"], "--rounds"),
    (["evaluate", "--weights", "w", "--rounds", "5", "--pairs", "4000000000"], "--pairs"),
    (["--base-channels", "0"], "--base-channels"), (["--blocks", "7"], "--blocks"),
    (["--convolutions-per-block", "0"], "--convolutions-per-block"), (["--seed", "-1"], "--seed"),
    (["--keep", "0"], "--keep"), (["--checkpoint-every", "0"], "--checkpoint-every"), (["--rounds", "-1"], "--rounds"),
    (["--pairs", "0"], "--pairs"), (["--resume", ""], "--resume"), (["--log-ranks", "two"], "--log-ranks"),
    (["--sources", "a=b"], "--sources"), (["--data", ""], "--data"),
    (["--data", "x", "--sources", "a=b,c=d"], "--sources"),
    (["evaluate", "--weights", "w", "--rounds", "0"], "--rounds"),
    (["evaluate", "--weights", "w", "--pairs", "0"], "--pairs"),
    (["evaluate", "--weights", "w", "--split", "training"], "--split"),
    (["separate", "--weights", "w"], "nothing to separate"),
    (["separate", "--weights", "w", "--mix", "a.png"], "--mix"),
    (["separate", "--weights", "w", "a.png", "--truth", "b.png"], "--truth"), (["export"], "--checkpoint"),
    (["import"], "--keras"),
    (["checkpoint", "verify"], "<path>"),
    (["verify", "--global-batch", "0"], "--global-batch"), (["verify", "--kills", "2"], "--kills"),
    (["verify", "--slices", "2"], "--slices"), (["verify", "--resume", "--steps", "11"], "--steps"),
    (["verify", "--resume", "--steps", "41"], "--steps"), (["verify", "--resume", "--kills", "99"], "--kills"),
    (["verify", "--resume", "--weights", "w"], "--weights"), (["--slices", "6"], "--slices"),
    (["--slices", "2", "--wire", "bf16"], "--slices"), (["benchmark", "--slices", "3"], "--slices"),
    (["verify", "--reference", "r", "--weights", "w"], "--weights"), (["benchmark", "--steps", "0"], "--steps"),
    (["train", "--bucket-bytes", "255"], "--bucket-bytes"), (["benchmark", "allreduce", "--bytes", "3"], "--bytes"),
    (["benchmark", "--recipe", "slow"], "--recipe: there is no recipe slow; there is notebook, fast"),
    (["benchmark", "--warm-up", "-1"], "--warm-up"), (["benchmark", "evaluate", "--batches", "0"], "--batches"),
    (["--stop-signals", "KILL"], "--stop-signals"),
    (["--time-limit", "soon"], "--time-limit"), (["--stop-before=-1s"], "--stop-before"),
    (["replay", "run", "--threads", "0"], "--threads"), (["replay"], "<run|file>"),
    (["--learning-rate", "1e30000"], "--learning-rate"), (["--epochs", "1e30"], "--epochs"),
    (["--stall-timeout", "soon"], "--stall-timeout"), (["supervise", "--", "true"], "launcher"),
    (["supervise", "--", "launcher", "train"], "--output"),
    (["supervise", "--max-restarts=-1", "--", "launcher", "-o", "r"], "--max-restarts"),
    (["data", "fetch", "--connect-timeout", "0"], "--connect-timeout"),
    (["data", "fetch", "--data", "synthetic"], "--data"),
    (["--epochs", "-1"], "--epochs: -1 is less than 1"), (["--keep", "-1"], "--keep: -1 is less than 1"),
    (["--seed", "-1"], "The value '-1' is invalid for '--seed"),
    (["--learning-rate", "-1"], "--learning-rate: -1.0 is not a positive number"),
    (["--time-limit", "-1s"], "The value '-1s' is invalid for '--time-limit"),
    (["supervise", "--max-restarts", "-1", "--", "launcher", "-o", "r"], "--max-restarts: -1 is not 0 to 1000000"),
    (["benchmark", "allreduce", "--bytes", "-4"], "--bytes: -4 is not 4 to"),
    (["submit", "slurm", "--nodes", "-1"], "--nodes: -1 is not 1 to 100000"),
    (["--output", ""], "--output: empty"), (["--config", ""], "--config: empty"),
    (["demo", "-o", ""], "--output: empty"), (["export", "--weights", "w", "-o", ""], "--output: empty"),
    (["import", "--keras", "w.h5", "-o", ""], "--output: empty"),
    (["report", "r", "-o", ""], "--output: empty"), (["separate", "a.png", "-o", ""], "--output: empty"),
    (["submit", "slurm", "--output-script", ""], "--output-script: empty"),
    (["evaluate", "--weights", ""], "--weights: empty"),
    (["--time-limit", "60s"], "--time-limit: 1m is over when the run stops, --stop-before 2m before the end"),
    (["--time-limit", "10s", "--stop-before", "10s"], "--time-limit: 10s"),
    (["benchmark", "allreduce", "--wire", "bf16"], "--wire"),
    (["verify", "--weights", "w", "--base-channels", "4"], "leave --base-channels away"),
    (["verify", "--reference", "r", "--blocks", "4"], "leave --blocks away"),
    (["verify", "--which", "current"], "--which chooses among the weights of a checkpoint; give --weights"),
    (["verify", "--resume", "--data", "d", "--sources", "a=b,c=d"], "leave --data away"),
    (["verify", "--reference", "r", "--data", "d"], "leave --data away"),
    (["verify", "--reference", "r", "--seed", "3"], "leave --seed away"),
    (["verify", "--reference", "r", "--global-batch", "8"], "leave --global-batch away"),
    (
      ["supervise", "--", "launcher", "-o", "r", "--stop-signals", "TERM"],
      "--stop-signals TERM lacks USR1, by which the run is asked to stop with a checkpoint"
    ),
  ])
  func anImpossibleValueNamesItsOption(arguments: [String], option: String) throws {
    let outcome = try launch(arguments)
    #expect(outcome.exitCode == 64 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.contains(option), "\(outcome)")
  }

  @Test(arguments: [
    ["--data", "/no/such/folder"], ["--resume", "/no/such/checkpoint", "--data", "synthetic"],
    ["--config", "/no/such/file"], ["evaluate", "--weights", "/no/such/file", "--data", "synthetic"],
    ["evaluate", "--weights", "/no/such/file", "--data", "/no/such/folder"],
    ["separate", "--weights", "/no/such/file", "a.png"], ["export", "--checkpoint", "/no/such/file"],
    ["export", "--weights", "/no/such/file"], ["import", "--keras", "/no/such/file"],
    ["verify", "--reference", "/no/such/file"], ["verify", "--weights", "/no/such/file", "--data", "synthetic"],
    ["replay", "/no/such/file"],
    ["benchmark", "--data", "/no/such/folder"], ["data", "check", "--data", "/no/such/folder"],
  ])
  func whatIsNamedAndMissingIsInputMissing(arguments: [String]) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(arguments, folder: scratch.path)
    #expect(outcome.exitCode == 66, "\(outcome)")
    #expect(try scratch.names(in: "").isEmpty, "a wrong path left something behind")
    if arguments.first != "data" {
      #expect(outcome.standardError.hasPrefix("launcher: /no/such/"), "\(outcome)")
      #expect(outcome.standardOutput.isEmpty)
    }
  }

  /// The shell makes the bytes: no Swift string holds them.
  @Test
  func anArgumentThatIsNoTextIsRefused() throws {
    let scratch = try TemporaryFolder()
    let script = "exec \(MPIRun.builtProducts)/launcher train --data synthetic --output $'runs/a\\xff'"
    let outcome = try MPIRun("/bin/bash", ["-c", script], ranks: nil, folder: scratch.path).run()
    #expect(outcome.exitCode == 64 && outcome.standardError.contains("is not UTF-8"), "\(outcome)")
    #expect(outcome.standardError.split(separator: "\n").count == 1, "\(outcome)")
    #expect(try scratch.names(in: "").isEmpty)
  }

  @Test(arguments: [nil, 2])
  func anInterfaceThatIsNotThereIsNamedOnce(ranks: Int?) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(
      TinyRun.options + ["--heartbeat-interface", "nosuch0", "--output", scratch("run")], ranks: ranks)
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.mentions("--heartbeat-interface: there is no nosuch0 on ") == 1, "\(outcome)")
    #expect(try scratch.names(in: "").isEmpty)
  }

  @Test
  func theEnvironmentNamesData() throws {
    let outcome = try launch(["train"], environment: ["UNMIX_DATA": "/no/such/folder"])
    #expect(outcome.exitCode == 66 && outcome.standardError.contains("UNMIX_DATA"), "\(outcome)")
  }

  @Test(arguments: ["evaluate", "verify"])
  func damagedWeightsAreBadData(command: String) throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("not a weight file", to: "w.safetensors")
    let outcome = try launch([command, "--weights", file, "--data", "synthetic"])
    #expect(outcome.exitCode == 65 && outcome.standardError.contains(file), "\(outcome)")
  }
}
