import Foundation
import TestSupport
import Testing
import Training

@testable import launcher

/// What `launcher submit` refuses, and what it says of the others.
struct SubmitRefusalTests {
  private static let wrong: [(arguments: [String], message: String)] = [
    (["slurm", "--dialect", "torque"], "--dialect: torque is a dialect of pbs; leave it out for slurm"),
    (["slurm", "--nodes", "0"], "--nodes: 0 is not 1 to 100000"),
    (["slurm", "--tasks-per-node=-1"], "--tasks-per-node: -1 is not 1 to 4096"),
    (
      ["slurm", "--job-name", "two words"],
      "--job-name: 'two words' cannot stand in a directive; give one word without spaces, line ends or quotes"
    ),
    (
      ["slurm", "--job-name", "a\n#SBATCH --exclusive"],
      #"--job-name: $'a\n#SBATCH --exclusive' cannot stand in a directive; give one word without spaces, line ends or quotes"#
    ),
    (
      ["pbs", "--queue", "long\u{2028}x"],
      "--queue: 'long\u{2028}x' cannot stand in a directive; give one word without spaces, line ends or quotes"
    ),
    (
      ["slurm", "--account", ""],
      "--account: '' cannot stand in a directive; give one word without spaces, line ends or quotes"
    ),
    (["slurm", "--option", "qos=long"], "--option: qos=long is no option of Slurm, which begin with a dash"),
    (
      ["slurm", "--option=--qos=long\n#SBATCH --exclusive"],
      #"--option: $'--qos=long\n#SBATCH --exclusive' holds more than one line; give --option once for each"#
    ),
    (
      ["slurm", "--option=--nodes=9"],
      "--option: --nodes=9 would be passed on unchecked; give --nodes instead"
    ),
    (["slurm", "--option=-t10"], "--option: -t10 would be passed on unchecked; give --time instead"),
    (
      ["pbs", "--option=-l mem=4gb,walltime=1:00"],
      "--option: '-l mem=4gb,walltime=1:00' would be passed on unchecked; give --memory instead"
    ),
    (
      ["pbs", "--dialect", "torque", "--option=-l place=scatter"],
      "--option: '-l place=scatter': -l place is OpenPBS's, Torque has none; give --dialect openpbs"
    ),
    (
      ["pbs", "--dialect", "torque", "--cpus-per-task", "2"],
      "--cpus-per-task: Torque has one rank for each core of ppn, not 2 cores a rank; give 1 and more --tasks-per-node"
    ),
    (
      ["pbs", "--dialect", "torque", "--memory", "4G"],
      "--memory: Torque does not count memory by node; give --option=\"-l pmem=SIZE\", for each process"
    ),
    (
      ["pbs", "--dialect", "torque", "--job-name", "separating-pictures"],
      "--job-name: separating-pictures: Torque takes at most 15 characters of which the first is a letter"
    ),
    (
      ["slurm", "--launcher", "/opt/unmix"],
      "--launcher: /opt/unmix is not called launcher, the name by which launcher supervise finds it"
    ),
    (
      ["slurm", "--tasks-per-node", "12", "--cpus-per-task", "4", "--cores-per-node", "32"],
      "--tasks-per-node: 12 ranks of 4 threads need 48 cores, a node has 32; give at most 8, or a smaller --cpus-per-task"
    ),
    (
      ["slurm", "--resident-size", "999999T", "--tasks-per-node", "16"],
      "--resident-size: 16 ranks of 1048574951424 MiB are more than can be counted; give less"
    ),
    (
      ["slurm", "--", "--threads", "4"],
      "--threads: 4 for each rank, which has --cpus-per-task 1; leave it out, or give --cpus-per-task 4"
    ),
    (
      ["slurm", "--nodes", "3", "--", "--slices", "16"],
      "--slices: 16 slices cannot be dealt to 6 ranks: not a power of two; change --slices, --nodes or --tasks-per-node"
    ),
    (
      ["slurm", "--tasks-per-node", "4", "--", "--slices", "4"],
      "--slices: 4 slices are too few for 8 ranks; change --slices, --nodes or --tasks-per-node"
    ),
    (
      ["slurm", "--nodes", "20"],
      "--global-batch: 32 pairs for 40 ranks leave some without any; give fewer ranks or a larger --global-batch"
    ),
    (
      ["slurm", "--", "--stop-signals", "TERM"],
      "--stop-signals: USR1 is missing, by which the job asks the run to stop with a checkpoint; without it the signal kills"
    ),
    (
      ["slurm", "--memory", "4G", "--resident-size", "3G"],
      "--memory: 2 ranks of 3072 MiB hold 6144 MiB of a node, 4G is too little; give --memory 6912M or fewer --tasks-per-node"
    ),
    (
      ["slurm", "--time", "2"],
      "--time: 2 min is over when the run is asked to stop, 120 s before the end; give more"
    ),
    (
      ["slurm", "--time", "10:00", "--", "--stop-before", "15m"],
      "--time: 10 min is over when the run is asked to stop, 900 s before the end; give more"
    ),
    (
      ["slurm", "--time", "15", "--step-time", "0.5"],
      "--time: 15 min holds no checkpoint: 1687 steps of 0.5 s and 120 s of warning take 17 min; give that much, or "
        + "--checkpoint-every 1560 or less"
    ),
    (["slurm", "--step-time", "0"], "--step-time: 0.0 is no number of seconds above 0"),
    (["slurm", "--", "--epochs", "0"], "after --: --epochs: 0 is less than 1"),
    (["slurm", "--", "--epoch", "3"], "after --: Unknown option '--epoch'. Did you mean '--epochs'?"),
    (["slurm", "--", "--help"], "after --: a job trains; for help say launcher train --help"),
  ]

  /// The command, with a name for the program: here it is the tests'.
  private static func submit(_ arguments: [String]) throws -> Submit {
    try Submit.parse(arguments.prefix(1) + ["--launcher", "launcher"] + arguments.dropFirst())
  }

  @Test(arguments: wrong.indices)
  func aWrongRequestIsRefusedInOneClearLine(index: Int) throws {
    let (arguments, message) = Self.wrong[index]
    let submit = try Self.submit(arguments)
    let error = #expect(throws: UsageError.self) { try submit.render() }
    #expect(error.map { "\($0)" } == message)
    #expect(error.map { ExitStatus($0) } == .usage)
  }

  @Test(arguments: [
    ["slurm", "--dry-run", "--job-name", "two words"], ["pbs", "--dry-run", "--nodes", "20"],
    ["slurm", "--time", "2"], ["slurm", "--dry-run", "--", "--epochs", "0"],
  ])
  func nothingIsPrintedOrSubmittedThen(arguments: [String]) throws {
    let outcome = try launch(["submit"] + arguments)
    #expect(outcome.exitCode == 64 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.split(separator: "\n").count == 1, "\(outcome)")
    #expect(outcome.standardError.hasPrefix("launcher: "), "\(outcome)")
  }

  @Test(arguments: [
    (["submit"], "slurm|pbs"), (["submit", "lsf"], "lsf"), (["submit", "slurm", "--time", "1-24"], "--time"),
    (["submit", "slurm", "--memory", "4"], "--memory"), (["submit", "slurm", "--nodes", "two"], "--nodes"),
  ])
  func whatCannotBeReadIsUsage(arguments: [String], named: String) throws {
    let outcome = try launch(arguments)
    #expect(outcome.exitCode == 64 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(outcome.standardError.contains(named), "\(outcome)")
  }

  private static func notes(_ arguments: [String], pictures: String? = "synthetic") throws -> [String] {
    try submit(arguments).render(picturesOfEnvironment: pictures).notes
  }

  @Test
  func aJobThatNamesNoPicturesIsTold() throws {
    let note =
      "no pictures are named: give --data DIR after --, or UNMIX_DATA; a job that finds none trains on synthetic ones"
    for pictures in [nil, ""] { #expect(try Self.notes(["slurm"], pictures: pictures).contains(note)) }
    for named in [["--data", "synthetic"], ["--sources", "a=/a,b=/b"]] {
      #expect(try !Self.notes(["slurm", "--"] + named, pictures: nil).contains(note))
    }
    #expect(try !Self.notes(["slurm"], pictures: "/data").contains(note))
  }

  @Test
  func aLongRunNeedsSeveralJobs() throws {
    let known = ["slurm", "--cores-per-node", "2", "--memory", "4G", "--resident-size", "350M", "--step-time"]
    #expect(
      try Self.notes(known + ["0.25", "--", "--recipe", "notebook"]) == [
        "at most 150 epochs of 1687 steps of 0.25 s take 17 h 35 min, validation and closing evaluation not counted: needs "
          + "about 5 jobs of 4 h; each stops with a checkpoint and goes back into the queue"
      ])
    #expect(
      try Self.notes(known + ["0.25", "--", "--epochs", "3"]) == [
        "at most 3 epochs of 1687 steps of 0.25 s take 22 min, validation and closing evaluation not counted: one job of 4 h"
      ])
    #expect(
      try Self.notes(known + ["0.25", "--", "--time-budget", "3h"]) == [
        "--time-budget lets training take about 3 h, closing evaluation not counted: one job of 4 h"
      ])
    let many = try Self.notes(known + ["0.25", "--time", "10:00", "--", "--recipe", "notebook"])
    #expect(many.last?.hasSuffix("queue, which MOST_REQUEUES (100) does not allow") == true, "\(many)")
  }

  @Test
  func whatIsNotKnownIsSaid() throws {
    let notes = try Self.notes(["slurm", "--resident-size", "350M", "--", "--resume", "never"])
    #expect(
      notes == [
        "--resume never: a job that goes back into the queue starts there again",
        "not checked: whether a node has 2 cores; say what it has by --cores-per-node",
        "not checked: memory; 2 ranks of 350 MiB hold 700 MiB of a node, and --memory does not say what is asked for",
        "not checked: wall time; say what a step takes by --measured or --step-time",
      ])
  }

  /// A measurement of this machine is read as it was printed, and compared with the run.
  @Test
  func aMeasurementIsReadAsItWasPrinted() throws {
    let scratch = try TemporaryFolder()
    let network = TinyRun.network
    let benchmark = try launch(
      [
        "benchmark", "step", "--recipe", "fast", "--json", "--data", "synthetic", "--global-batch", "4", "--steps", "2",
        "--threads", "1",
      ]
        + network)
    #expect(benchmark.succeeded, "\(benchmark)")
    let file = try scratch.write(benchmark.standardOutput, to: "step.json")
    let request = ["slurm", "--cores-per-node", "2", "--memory", "64G", "--measured", file, "--"]
    let run = network + ["--global-batch", "4"]
    #expect(
      try Self.notes(request + run + ["--recipe", "notebook"]).contains(
        "\(file) was measured with steps of --recipe fast, the run has notebook: time and memory will differ"))
    let notes = try Self.notes(request + run)
    #expect(notes.count == 2, "\(notes)")
    #expect(
      notes[0] == "\(file) was measured with 1 x 1 ranks x threads, the job has 4 x 1: time and memory will differ")
    #expect(
      notes[1].hasPrefix("at most 20 epochs of 1687 steps of ")
        && notes[1].contains(", closing evaluation not counted"))

    let result = try StepBenchmark.Result(json: benchmark.standardOutput)
    let trainingMiB = try #require(result.trainingMiB)
    #expect(result.residentMiB > 1 && trainingMiB >= result.residentMiB)
    let small = ["slurm", "--memory", "1M", "--measured", file, "--"]
    let error = #expect(throws: UsageError.self) { try Self.notes(small + run) }
    #expect(
      error?.option == "--memory" && error?.reason.contains("\(Int(trainingMiB.rounded(.up))) MiB") == true)

    for (other, word) in [(network + ["--global-batch", "8"], "pairs"), (["--global-batch", "4"], "parameters")] {
      let error = #expect(throws: UsageError.self) { try Self.notes(request + other) }
      #expect(error?.option == "--measured" && error?.reason.contains(word) == true)
    }
  }

  /// Five copies of the weights for checkpoints alone, beside the networks of validation and evaluation.
  @Test
  func aTrainingHoldsMoreThanItsSteps() throws {
    // What starts the program is no part of it, however large.
    let starters = [UInt8](repeating: 1, count: 400 << 20)
    let outcome = try launch([
      "benchmark", "step", "--json", "--data", "synthetic", "--precision", "f32", "--base-channels", "32",
      "--global-batch", "4", "--steps", "1", "--threads", "1",
    ])
    #expect(starters.last == 1)
    #expect(outcome.succeeded, "\(outcome)")
    let result = try StepBenchmark.Result(json: outcome.standardOutput)
    let copies = Double(5 * 4 * result.parameters) / 1_048_576
    let trainingMiB = try #require(result.trainingMiB)
    #expect(copies > 10 && trainingMiB > result.residentMiB + copies && trainingMiB < 300, "\(result)")
  }

  @Test
  func aFileThatIsNoMeasurementIsNamed() throws {
    let scratch = try TemporaryFolder()
    for (text, status) in [("{}", ExitStatus.badData), ("text", .badData), ("", .badData)] {
      let file = try scratch.write(text, to: "m.json")
      let error = #expect(throws: MeasurementError.self) { try Self.notes(["slurm", "--measured", file]) }
      #expect(error.map { ExitStatus($0) } == status && error.map { "\($0)".contains(file) } == true)
    }
    let error = #expect(throws: MeasurementError.self) { try Self.notes(["slurm", "--measured", scratch("none")]) }
    #expect(error.map { ExitStatus($0) } == .inputMissing)
    let missing = #expect(throws: ConfigurationFileError.self) {
      try Self.notes(["slurm", "--", "--config", scratch("none")])
    }
    #expect(missing.map { ExitStatus($0) } == .inputMissing)
  }
}
