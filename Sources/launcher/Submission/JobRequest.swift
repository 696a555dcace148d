import Training

/// What a batch job asks of its batch system.
struct JobRequest {
  var dialect: BatchDialect
  var nodes: Int
  var tasksPerNode: Int
  /// Cores, and threads, of each rank.
  var threads: Int
  var time: WallTime
  /// Of each node.
  var memory: MemorySize?
  /// Slurm's partition, PBS's queue.
  var queue: String?
  var account: String?
  var jobName: String
  /// Directives that are passed on untouched.
  var options: [String]
  /// The program on the nodes.
  var launcher: String

  /// Of a node: what its ranks' threads need.
  var cores: Int { tasksPerNode * threads }
  var ranks: Int { nodes * tasksPerNode }

  /// `2 nodes, 4 ranks on each, 1 thread a rank`.
  var shape: String {
    func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
    return "\(count(nodes, "node")), \(count(tasksPerNode, "rank")) on each, \(count(threads, "thread")) a rank"
  }

  /// The batch script: its template's body under directives and arguments of its own.
  func script(training: TrainingArguments) -> String {
    var template = dialect.template
    for directive in directives { template.set(directive) }
    // Below the others, where a batch system that knows the same directive twice takes the last one.
    for option in options { template.append(option) }
    return template.script(comments: comments, commands: commands(training))
  }

  private var comments: [String] {
    let variables = dialect == .slurm ? "STARTER, MPI_PLUGIN" : "MARGIN, REQUEUE, QSUB_OPTIONS"
    return [
      "\(dialect.title) job of \(shape), \(time.words). Written by launcher submit from",
      "\(dialect.templatePath), which describes \(variables) and MOST_REQUEUES.",
      dialect == .slurm ? "sbatch FILE submits it." : "qsub -V FILE submits it.",
    ]
  }

  private var directives: [String] {
    switch dialect {
    case .slurm:
      return [
        "--job-name=\(jobName)", "--nodes=\(nodes)", "--ntasks-per-node=\(tasksPerNode)", "--cpus-per-task=\(threads)",
        "--time=\(time)",
      ]
        + [memory.map { "--mem=\($0.slurm)" }, queue.map { "--partition=\($0)" }, account.map { "--account=\($0)" }]
        .compactMap(\.self)
    case .openpbs, .torque:
      let chunk = "select=\(nodes):ncpus=\(cores):mpiprocs=\(tasksPerNode)" + (memory.map { ":mem=\($0.pbs)" } ?? "")
      return [
        "-N \(jobName)", dialect == .openpbs ? "-l \(chunk)" : "-l nodes=\(nodes):ppn=\(cores)", "-l walltime=\(time)",
      ] + [queue.map { "-q \($0)" }, account.map { "-A \($0)" }].compactMap(\.self)
    }
  }

  /// What the body finds: its variables, and its arguments as if it had been started with them.
  private func commands(_ training: TrainingArguments) -> [String] {
    let words = training.words.map(ShellWord.quote)
    let program = "LAUNCHER=" + ShellWord.quote(launcher)
    guard dialect == .slurm else {
      // TRAIN of the environment that qsub passes on was not checked.
      var commands = [program, "THREADS=\(threads)", "WALLTIME=\(time)", "TRAIN="]
      if let output = training.output { commands.append("OUTPUT=" + ShellWord.quote(output)) }
      // The script's timer is all that stops a run before PBS does.
      let margin = margin(training.train)
      if margin > Self.warning { commands.append("MARGIN=${MARGIN:-\(margin)}") }
      return commands + [(["set", "--"] + words).joined(separator: " ")]
    }
    var arguments = ["set", "--", "train"]
    if !training.namesThreads { arguments += ["--threads", "\(threads)"] }
    if !training.namesOutput {
      let output = training.output.map(ShellWord.quote)
      arguments += ["--output", output ?? Self.slurmOutput]
    }
    return [program, (arguments + words).joined(separator: " ")]
  }

  /// The run folder of cluster/slurm/train.sbatch where none is named, as it stands there.
  static let slurmOutput = #""${OUTPUT:-runs/slurm-$SLURM_JOB_ID}""#
}
