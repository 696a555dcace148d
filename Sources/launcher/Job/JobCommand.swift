import ArgumentParser

/// A command that runs on all ranks it was started on.
protocol JobCommand: ParsableCommand {
  /// Does the work; called by every rank. What it throws ends the job.
  func run(_ job: Job) throws -> ExitStatus
}

extension JobCommand {
  func run() throws { Job.run(run) }
}
