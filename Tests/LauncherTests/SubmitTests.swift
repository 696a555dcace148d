import Foundation
import TestSupport
import Testing

@testable import launcher

/// What `launcher submit` writes.
struct SubmitTests {
  /// The requests whose scripts are committed in Tests/Fixtures/submit.
  static let golden: [(name: String, arguments: [String])] = [
    (
      "slurm.sbatch",
      [
        "slurm", "--nodes", "4", "--tasks-per-node", "8", "--cpus-per-task", "2", "--time", "1-06:30", "--memory",
        "24G",
        "--partition", "long", "--account", "vision", "--job-name", "unmix-wide", "--option=--qos=long",
        "--option=--constraint=amx", "--", "--epochs", "20", "--global-batch", "128", "--data", "/scratch/my pictures",
      ]
    ),
    ("slurm-plain.sbatch", ["slurm"]),
    (
      "openpbs.pbs",
      [
        "pbs", "--nodes", "4", "--tasks-per-node", "8", "--cpus-per-task", "2", "--time", "1-06:30", "--memory", "24G",
        "--queue", "long", "--account", "vision", "--job-name", "unmix-wide", "--option=-l place=scatter:excl", "--",
        "train", "--epochs", "20", "--global-batch", "128", "--output", "runs/wide one",
      ]
    ),
    (
      "torque.pbs",
      [
        "pbs", "--dialect", "torque", "--nodes", "2", "--tasks-per-node", "4", "--time", "90", "--queue", "batch",
        "--job-name", "unmix-two", "--option=-l pmem=2gb", "--", "--slices=16", "--seed", "3",
      ]
    ),
  ]

  private static let launcher = ["--launcher", ".build/release/launcher"]

  /// The script of `arguments`, whose first word is the batch system.
  private static func script(_ arguments: [String], launcher: [String] = launcher) throws -> String {
    try Submit.parse(arguments.prefix(1) + launcher + arguments.dropFirst()).render().script
  }

  @Test(arguments: golden.map(\.name))
  func scriptsAreThoseCommitted(name: String) throws {
    let arguments = try #require(Self.golden.first { $0.name == name }).arguments
    let script = try Self.script(arguments)
    let path = Fixtures.submitted(name)
    if ProcessInfo.processInfo.environment["UNMIX_RENEW_GOLDEN"] != nil {
      try script.write(toFile: path, atomically: true, encoding: .utf8)
      Issue.record("\(path) is written anew; look at it and run the tests without UNMIX_RENEW_GOLDEN")
    }
    let committed = try String(contentsOfFile: path, encoding: .utf8)
    let (lines, wanted) = (script.split(separator: "\n"), committed.split(separator: "\n"))
    let changes = lines.difference(from: wanted).map { change in
      switch change {
      case .insert(let line, let text, _): "\(line + 1) + \(text)"
      case .remove(let line, let text, _): "\(line + 1) - \(text)"
      }
    }
    #expect(
      script == committed,
      "\(path) differs (- committed, + written); UNMIX_RENEW_GOLDEN=1 writes it anew\n\(changes.joined(separator: "\n"))"
    )
  }

  @Test(arguments: golden.map(\.name))
  func bashReadsEveryScript(name: String) throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write(Self.script(try #require(Self.golden.first { $0.name == name }).arguments), to: name)
    let outcome = try MPIRun("/bin/bash", ["-n", file], ranks: nil).run()
    #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
  }

  @Test(arguments: [BatchDialect.slurm, .openpbs, .torque])
  func withoutOptionsTheDirectivesAreTheTemplates(dialect: BatchDialect) throws {
    let system = dialect == .slurm ? ["slurm"] : ["pbs", "--dialect", "\(dialect)"]
    let script = try Self.script(system)
    let marker = dialect == .slurm ? "#SBATCH " : "#PBS "
    let written = script.split(separator: "\n").filter { $0.hasPrefix(marker) }.map { $0.dropFirst(marker.count) }
    #expect(written.map(String.init) == dialect.template.directives)
    #expect(!written.isEmpty)
  }

  @Test
  func theRunFolderIsTheTemplatesWhereNoneIsNamed() throws {
    let template = try String(contentsOfFile: Fixtures.root + "/" + BatchDialect.slurm.templatePath, encoding: .utf8)
    #expect(template.contains("--output \(JobRequest.slurmOutput) "))
    #expect(try Self.script(["slurm"]).contains("set -- train --threads 1 --output \(JobRequest.slurmOutput)\n"))
    #expect(try !Self.script(["slurm", "--", "-o", "r"]).contains("set -- train --threads 1 --output"))
  }

  @Test
  func theFilesRunFolderIsNamedInTheScript() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("output: runs/a b\nthreads: 7\nglobal-batch: 4\n", to: "c.yaml")
    let script = try Self.script(["slurm", "--", "--config", file])
    #expect(script.contains("set -- train --threads 1 --output 'runs/a b' --config \(file)\n"), "\(script)")
    #expect(try Self.script(["pbs", "--", "--config", file]).contains("\nOUTPUT='runs/a b'\n"))
    #expect(throws: UsageError.self) { try Self.script(["slurm", "--nodes", "3", "--", "--config", file]) }
  }

  private static let hostile = [
    "a b", "it's", "\"quoted\"", "$HOME", "`id`", "$(id)", "\\", "*", "~", "#SBATCH --exclusive",
    "line\n#SBATCH --nodes=9",
    "tab\tx", "'", "", "ü", "a\u{1}7", "!", "; exit 3", "-",
  ]

  /// Runs a written script where `srun` and `mpirun` start the launcher, and it writes its arguments down.
  @Test(arguments: [["slurm"], ["pbs"], ["pbs", "--dialect", "torque"]])
  func argumentsArriveAsTheyWereGiven(system: [String]) throws {
    let scratch = try TemporaryFolder()
    let arguments = Self.hostile.flatMap { ["--data=\($0)x"] } + ["--output", scratch("run of $USER")]
    let launcher = try scratch.writeProgram(
      """
      #!/bin/bash
      [ "$1" != supervise ] || exec "${@:3}"
      printf '%s\\0' "$@" > "$ARGUMENTS"
      """, to: "its bin/launcher")
    let starter = "#!/bin/bash\nwhile [ $# -gt 0 ] && [[ $1 != */launcher ]]; do shift; done\nexec \"$@\"\n"
    for name in ["bin/srun", "bin/mpirun"] { try scratch.writeProgram(starter, to: name) }
    let script = try scratch.write(
      Self.script(system + ["--"] + arguments, launcher: ["--launcher", launcher]), to: "script")
    let outcome = try MPIRun(
      "/bin/bash", [script], ranks: nil,
      environment: [
        "PATH": scratch("bin") + ":/usr/bin:/bin", "ARGUMENTS": scratch("arguments"), "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "a", "PBS_JOBID": "7.host", "PBS_O_WORKDIR": scratch.path,
        "PBS_NODEFILE": try scratch.write("a\na\n", to: "nodes"),
      ], folder: scratch.path
    ).run()
    #expect(outcome.succeeded, "\(outcome)")
    let received = try #require(scratch.read("arguments"), "\(outcome)").split(
      separator: 0, omittingEmptySubsequences: false
    )
    .dropLast().map { String(decoding: $0, as: UTF8.self) }
    #expect(received.first == "train")
    #expect(Array(received.suffix(arguments.count)) == arguments)
    let own = received.dropLast(arguments.count)
    #expect(own.starts(with: ["train", "--threads", "1"]), "\(own)")
  }

  @Test
  func theTimeToStopInIsThatOfTheScriptsTimer() throws {
    let longer = ["pbs", "--", "--stop-before", "10m"]
    #expect(try Self.script(longer).contains("\nMARGIN=${MARGIN:-600}\n"))
    #expect(try !Self.script(["pbs", "--", "--stop-before", "1m"]).contains("\nMARGIN="))
  }

  /// Options alone mean train: that run, too, is one to start again.
  @Test(arguments: [["train", "-o", "r"], ["-o", "r"], ["evaluate"]])
  func everyTrainingOfTheSlurmTemplateIsSupervised(arguments: [String]) throws {
    let scratch = try TemporaryFolder()
    let launcher = try scratch.writeProgram("#!/bin/bash\nprintf '%s\\n' \"$@\" > \"$ARGUMENTS\"\n", to: "bin/launcher")
    try scratch.writeProgram("#!/bin/bash\nexec \"$LAUNCHER\" unsupervised\n", to: "bin/srun")
    let outcome = try MPIRun(
      "/bin/bash", [Fixtures.root + "/" + BatchDialect.slurm.templatePath] + arguments, ranks: nil,
      environment: [
        "PATH": scratch("bin") + ":/usr/bin:/bin", "ARGUMENTS": scratch("arguments"), "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "a", "LAUNCHER": launcher,
      ], folder: scratch.path
    ).run()
    #expect(outcome.succeeded, "\(outcome)")
    let words = String(decoding: try scratch.bytes("arguments"), as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(words.first == (arguments == ["evaluate"] ? "unsupervised" : "supervise"), "\(words)")
    #expect(arguments == ["evaluate"] || words.suffix(arguments.count) == arguments[...], "\(words)")
  }

  @Test
  func aLineEndInAnArgumentMakesNoLine() throws {
    let script = try Self.script(["slurm", "--", "--data", "x\n#SBATCH --nodes=9"])
    #expect(!script.split(separator: "\n").contains { $0.hasPrefix("#SBATCH --nodes=9") })
    #expect(script.contains(#"$'x\n#SBATCH --nodes=9'"#))
  }

  @Test
  func aDryRunPrintsTheScriptAndSaysWhatItCouldNotCheck() throws {
    let outcome = try launch(["submit", "slurm", "--dry-run"] + Self.launcher)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(outcome.standardOutput == (try Self.script(["slurm"])))
    #expect(
      outcome.standardError.split(separator: "\n").map { $0.prefix(20) }
        == ["submit: no pictures "] + Array(repeating: "submit: not checked:", count: 3))
  }

  @Test
  func theScriptReplacesAFileInOnePiece() throws {
    let scratch = try TemporaryFolder()
    let file = try scratch.write("old", to: "job")
    let outcome = try launch(["submit", "slurm", "--dry-run", "--output-script", file] + Self.launcher)
    #expect(outcome.succeeded && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(try scratch.bytes("job") == Array(Self.script(["slurm"]).utf8))
    #expect(try scratch.names(in: "") == ["job"])
    let refused = try launch(["submit", "slurm", "--dry-run", "--output-script", scratch("none/job")] + Self.launcher)
    #expect(refused.exitCode == 74 && refused.standardError.contains("none"), "\(refused)")
  }

  @Test(arguments: [("slurm", "sbatch", ""), ("pbs", "qsub", "-V\n")])
  func theBatchSystemsAnswerIsPassedOn(system: String, program: String, options: String) throws {
    let scratch = try TemporaryFolder()
    try scratch.writeProgram(
      "#!/bin/bash\nfor word; do :; done\nprintf '%s\\n' \"${@:1:$#-1}\"\ncat \"$word\"\necho refused >&2\nexit 9\n",
      to: "bin/\(program)")
    let environment = ["PATH": scratch("bin") + ":/usr/bin:/bin", "TMPDIR": scratch("tmp")]
    try FileManager.default.createDirectory(atPath: scratch("tmp"), withIntermediateDirectories: false)
    for file in [nil, scratch("job")] {
      let place = file.map { ["--output-script", $0] } ?? []
      let outcome = try launch(["submit", system] + Self.launcher + place, environment: environment)
      #expect(outcome.exitCode == 9 && outcome.standardError.hasSuffix("refused\n"), "\(outcome)")
      let answer = (options.isEmpty ? "\n" : options) + (try Self.script([system]))
      #expect(outcome.standardOutput == answer, "\(outcome)")
      #expect(try scratch.names(in: "tmp").isEmpty)
    }
  }

  @Test(arguments: [("slurm", "sbatch"), ("pbs", "qsub")])
  func aMissingBatchSystemIsSaidInOneLine(system: String, program: String) throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(["submit", system] + Self.launcher, environment: ["PATH": scratch.path])
    #expect(outcome.exitCode == 71 && outcome.standardOutput.isEmpty, "\(outcome)")
    #expect(
      outcome.standardError.split(separator: "\n").last == """
        launcher: \(program): cannot be started (No such file or directory); submit on a host of the cluster, or print the \
        script with --dry-run
        """, "\(outcome)")
  }
}
