import Glibc

/// When the batch system, or the user, will end this job. Rank 0's alone: it alone reads the clock.
struct TimeLimit {
  /// Seconds since 1970 at which the job ends.
  let end: Int
  /// Seconds before it at which the run stops with a checkpoint.
  let margin: Int
  /// Who says so.
  let source: String

  /// Slurm's name for the job's end, in seconds since 1970.
  static let slurmVariable = "SLURM_JOB_END_TIME"

  /// The start of `launcher supervise`, in seconds since 1970, as the runs that it starts and starts again are told.
  static let startVariable = "UNMIX_SUPERVISED_SINCE"

  /// `limit` counts from `start`; without it Slurm's word counts. nil where nobody has said.
  /// - Parameters:
  ///   - start: of this process, or of what has started it again.
  ///   - limit: seconds, as `--time-limit` has them.
  ///   - margin: seconds, as `--stop-before` has them.
  ///   - slurm: the value of ``slurmVariable``; what is no number is not looked at.
  init?(limit: Int?, margin: Int, start: Int, slurm: String?) {
    self.margin = margin
    if let limit {
      (end, source) = (start + limit, "--time-limit")
    } else if let end = slurm.flatMap({ Int($0) }) {
      (self.end, source) = (end, Self.slurmVariable)
    } else {
      return nil
    }
  }

  /// Whether the run has to stop at `now`.
  func hasCome(now: Int) -> Bool { now >= end - margin }

  /// Why the run stops, in words.
  var reason: String { "\(margin) s before the time limit of \(source)" }

  /// Seconds since 1970 (time).
  static var now: Int { time(nil) }
}
