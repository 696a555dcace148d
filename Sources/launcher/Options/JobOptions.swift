import ArgumentParser
import Processes

/// What the job asks of the batch system.
struct JobOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Nodes.")
  var nodes = 2

  @Option(parsing: .unconditional, help: "Ranks on each node.")
  var tasksPerNode = 2

  @Option(parsing: .unconditional, help: "Cores, and threads, of each rank.")
  var cpusPerTask = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Wall time: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS.", valueName: "time"))
  var time = WallTime(seconds: 4 * 3600)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Memory of each node, such as 512M or 4G. Default: the batch system's.", valueName: "size"))
  var memory: MemorySize?

  @Option(
    name: [.customLong("partition"), .customLong("queue")],
    help: ArgumentHelp("Slurm's partition, PBS's queue. Default: the batch system's.", valueName: "name"))
  var queue: String?

  @Option(help: ArgumentHelp("Account that the time is charged to. Default: the batch system's.", valueName: "name"))
  var account: String?

  @Option(help: ArgumentHelp("What the job is called.", valueName: "name"))
  var jobName = "unmix"

  @Option(
    help: ArgumentHelp(
      "Of PBS: openpbs (also PBS Professional) or torque. Default: openpbs.", valueName: "openpbs|torque"))
  var dialect: PBSDialect?

  @Option(
    help: ArgumentHelp(
      "Another option of the batch system, passed on untouched as a directive, such as --option=--qos=long. Repeatable.",
      valueName: "text"))
  var option: [String] = []

  @Option(help: ArgumentHelp("This program as the nodes find it. Default: the path of this one.", valueName: "path"))
  var launcher: String?

  /// The request. Throws ``UsageError`` for a dialect of another batch system.
  func request(_ system: BatchSystem) throws(UsageError) -> JobRequest {
    let own: BatchDialect
    switch (system, dialect) {
    case (.slurm, nil): own = .slurm
    case (.slurm, let dialect?):
      throw UsageError(option: "--dialect", reason: "\(dialect.rawValue) is a dialect of pbs; leave it out for slurm")
    case (.pbs, nil), (.pbs, .openpbs): own = .openpbs
    case (.pbs, .torque): own = .torque
    }
    return JobRequest(
      dialect: own, nodes: nodes, tasksPerNode: tasksPerNode, threads: cpusPerTask, time: time, memory: memory,
      queue: queue, account: account, jobName: jobName, options: option,
      launcher: launcher ?? ProcessTable.pathOfThisProgram)
  }
}
