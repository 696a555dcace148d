import Dataset
import Foundation
import Glibc
import Processes
import Training

/// Shows on this machine that a run which was killed and resumed is the run that never stopped: the same weights, moving
/// statistics, best weights and moments, bit for bit.
///
/// Two runs of the same options, as processes of their own: one is left alone; the other is killed by SIGKILL at random steps
/// and each time started again with the same command.
struct ResumeProof {
  /// Options of `launcher train` that say what is trained; those of length and run folder are the proof's.
  var options: [String]
  /// What starts the ranks, such as mpirun with its options; empty for one process.
  var launch: [String]
  /// Steps of each run, in two epochs: even.
  var steps: Int
  /// How often the second run is killed.
  var kills: Int
  /// Of the steps at which it is killed.
  var seed: UInt64

  /// One death of the second run.
  struct Kill: Encodable {
    /// About where it was killed.
    var atStep: Int
    /// Of its newest checkpoint then.
    var resumedFrom: Int

    enum CodingKeys: String, CodingKey {
      case atStep = "at_step"
      case resumedFrom = "resumed_from"
    }
  }

  /// Steps between checkpoints.
  var interval: Int { max(1, steps / 12) }
  /// The steps to kill at, ascending: after the first checkpoint, and early enough for the run not to end meanwhile.
  var killSteps: [Int] {
    var numbers = PhiloxGenerator(seed: seed, stream: 0)
    var chosen: Set<Int> = []
    let possible = Self.possibleKills(steps: steps)
    while chosen.count < min(kills, possible.count) {
      chosen.insert(possible.lowerBound + numbers.uniform(below: possible.count))
    }
    return chosen.sorted()
  }

  /// The steps at which a run of `steps` may be killed.
  static func possibleKills(steps: Int) -> Range<Int> { max(1, steps / 12)..<2 * steps / 3 }

  /// Does both runs in `folder` and compares their last checkpoints. `report` gets lines about the work.
  ///
  /// Throws ``LoggedProcessError`` where a run fails, ``ResumeProofError`` where one could not be killed in time.
  func run(in folder: String, report: (String) -> Void) throws -> (comparison: CheckpointComparison, kills: [Kill]) {
    report("one run of \(steps) steps that nothing stops")
    let whole = "\(folder)/whole"
    try start(output: whole, log: "\(folder)/whole.log").finish()
    let last = try Checkpoint(contentsOf: CheckpointFolder("\(whole)/checkpoints").file(step: steps))

    let cut = "\(folder)/cut"
    var done: [Kill] = []
    for step in killSteps {
      let kill = try kill(atStep: step, secondsPerStep: last.state.seconds / Double(steps), output: cut, folder: folder)
      report("killed at about step \(kill.atStep); it goes on from step \(kill.resumedFrom)")
      done.append(kill)
    }
    try start(output: cut, log: "\(folder)/cut.log").finish()
    let resumed = try Checkpoint(contentsOf: CheckpointFolder("\(cut)/checkpoints").file(step: steps))
    return (CheckpointComparison(last, resumed), done)
  }

  /// Starts or resumes the run in `output` and kills it about `step`.
  private func kill(atStep step: Int, secondsPerStep: Double, output: String, folder: String) throws -> Kill {
    let checkpoints = CheckpointFolder("\(output)/checkpoints")
    let child = try start(output: output, log: "\(folder)/cut.log")
    let saved = step / interval * interval
    while (try? checkpoints.steps().last).flatMap({ $0 }) ?? 0 < saved {
      if child.hasEnded || StopRequest.hasCome {
        try child.finish()
        throw ResumeProofError.endedTooEarly(step: step)
      }
      usleep(1000)
    }
    usleep(UInt32(Double(step - saved) * secondsPerStep * 1e6))
    if child.hasEnded { throw ResumeProofError.endedTooEarly(step: step) }
    child.kill()
    return Kill(atStep: step, resumedFrom: try checkpoints.steps().last ?? 0)
  }

  private func start(output: String, log: String) throws -> LoggedProcess {
    let length = [
      "--epochs", "2", "--steps-per-epoch", "\(steps / 2)", "--validation-steps", "2", "--rounds", "0",
      "--checkpoint-every", "\(interval)", "--resume", "auto", "--output", output,
    ]
    return try LoggedProcess(launch + [ProcessTable.pathOfThisProgram, "train"] + options + length, log: log)
  }
}

/// Why a proof could not be made.
enum ResumeProofError: Error, CustomStringConvertible {
  /// The run was over before it could be killed at `step`.
  case endedTooEarly(step: Int)

  var description: String {
    switch self {
    case .endedTooEarly(let step): "the run ended before it could be killed at step \(step); give more --steps"
    }
  }
}
