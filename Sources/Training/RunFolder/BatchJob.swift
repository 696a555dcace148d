import Glibc

/// The batch job that a process belongs to, and which start of it.
package struct BatchJob: Codable, Equatable, Sendable {
  /// Batch system and number.
  package var name: String
  /// 0 at first, one more each time the batch system starts the job again.
  package var start: Int

  package init(name: String, start: Int) { (self.name, self.start) = (name, start) }

  /// This process's; nil where no batch system says. Slurm's tells its starts apart.
  static var current: BatchJob? {
    func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
    guard let number = value("SLURM_JOB_ID") else { return nil }
    let cluster = value("SLURM_CLUSTER_NAME").map { " on \($0)" } ?? ""
    return BatchJob(name: "Slurm job \(number)\(cluster)", start: value("SLURM_RESTART_COUNT").flatMap { Int($0) } ?? 0)
  }

  /// Whether the batch system started the same job again after this start of it.
  func isBefore(_ other: BatchJob?) -> Bool { name == other?.name && start < other?.start ?? 0 }
}
