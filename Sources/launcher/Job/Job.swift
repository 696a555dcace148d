import Distributed
import Foundation
import Glibc
import Model
import Training

/// A command at work on the ranks it was started on: one, or those of mpirun or srun.
///
/// Rank 0 decides and the others are told. A failure that all ranks can agree on is printed once and ends them in an orderly
/// way; any other one is printed by the rank that met it and ends the whole job at once.
struct Job {
  let communicator: Communicator
  let topology: Topology
  /// What the options are where they say "auto" or nothing: the same on every rank.
  let automatic: Automatic

  /// What all ranks' machines allow.
  struct Automatic {
    /// The precision that is fast on every rank's machine.
    var precision: Precision
    /// Threads that each rank's share of its node allows, the smallest of all ranks.
    var threads: Int
  }

  /// Whether this is rank 0: it alone reads the environment, writes files and prints results.
  var isRoot: Bool { communicator.rank == 0 }

  /// Starts MPI, runs `body` and ends the process with its status. Called once, by every rank.
  static func run(_ body: (Job) throws -> ExitStatus) -> Never {
    do {
      let status = try body(Job())
      ProgressBoard.own.enter(.ending)
      ProgressBoard.own.progressed()
      try Communicator.finalize()
      status.exit()
    } catch let failure as JobFailure {
      end(after: failure)
    } catch let error as RunError where error.isOfEveryRank {
      if LaunchedRank.isRoot { Output.note("launcher: " + oneLine("\(error)")) }
      end(after: JobFailure(status: ExitStatus(error)))
    } catch {
      abort(error)
    }
  }

  private init() throws {
    try Self.capInstructionSet()
    communicator = try Communicator.world()
    topology = try Topology(communicator)
    let own = "\(Precision.detected.rawValue) \(topology.threadsPerRank)"
    let all = try communicator.gather(text: own, root: 0).map { $0.split(separator: " ") }
    let precision: Precision = all.allSatisfy { $0[0] == "bf16" } ? .bf16 : .f32
    let threads = all.compactMap { Int($0[1]) }.min() ?? 1
    let agreed = try communicator.broadcast(text: "\(precision.rawValue) \(threads)", root: 0).split(separator: " ")
    automatic = Automatic(precision: Precision(rawValue: String(agreed[0])) ?? .f32, threads: Int(agreed[1]) ?? 1)
  }

  /// Obeys UNMIX_INSTRUCTION_SET of this rank's environment: ranks may differ.
  private static func capInstructionSet() throws {
    guard let name = environmentVariable(InstructionSet.variable) else { return }
    guard let set = InstructionSet(rawValue: name) else {
      let names = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError(option: InstructionSet.variable, reason: "there is no \(name); there is \(names)")
    }
    try set.cap()
  }

  /// The orderly end after a failure that every rank knows of: rank 0 has said it.
  private static func end(after failure: JobFailure) -> Never {
    do {
      try Communicator.finalize()
    } catch {
      abort(error)
    }
    failure.status.exit()
  }

  /// The end of the whole job, because of what this rank met.
  private static func abort(_ error: any Error) -> Never {
    if !LaunchedRank.isRoot {
      // What all ranks meet alike is rank 0's to say: its abort ends this process before it speaks.
      sleep(1)
      if error is LaunchError { ExitStatus(error).exit() }
    }
    let isOneRanksOwn = !(LaunchedRank.isAlone || error is LaunchError)
    Output.note("launcher: " + (isOneRanksOwn ? Communicator.failureLine(error) : oneLine("\(error)")))
    Communicator.abort(code: ExitStatus(error).rawValue)
  }
}
