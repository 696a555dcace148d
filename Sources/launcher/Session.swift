import Dataset
import Distributed
import Foundation
import Model
import Training

/// The ranks of this job, and what rank 0 decides for them.
struct Session {
  let communicator: Communicator
  let topology: Topology

  /// One thread makes all calls; the flags say what the exit path has to do.
  nonisolated(unsafe) private static var started = false
  static var isStarted: Bool { unsafe started }

  /// Starts MPI. Collective: the first thing every command that computes does.
  static func start() throws -> Session {
    let communicator = try Communicator.world()
    unsafe started = true
    return Session(communicator: communicator, topology: try Topology(communicator))
  }

  /// Leaves MPI, where it was started. Collective.
  static func finish() throws {
    guard isStarted else { return }
    unsafe started = false
    try Communicator.finalize()
  }

  /// The line that names the cause, and where there are several ranks, the rank and its host.
  static func describe(_ error: any Error) -> String {
    isStarted ? Communicator.failureLine(error) : "\(error)"
  }

  var isRoot: Bool { communicator.rank == 0 }

  /// Rank 0's `value` on every rank. Collective.
  func decided<Value: Codable>(_ value: Value) throws -> Value {
    let text = isRoot ? String(decoding: try JSONEncoder().encode(value), as: UTF8.self) : ""
    let decision = try communicator.broadcast(text: text, root: 0)
    return isRoot ? value : try JSONDecoder().decode(Value.self, from: Data(decision.utf8))
  }

  /// The precision asked for; `auto` is bf16 where every rank's processor multiplies in it. Collective.
  func precision(_ request: PrecisionRequest) throws -> Precision {
    switch try decided(request) {
    case .f32: return .f32
    case .bf16: return .bf16
    case .auto:
      var lacking: [Int64] = [fastestPrecision() == .bf16 ? 0 : 1]
      try communicator.allReduce(&lacking, .max)
      return lacking[0] == 0 ? .bf16 : .f32
    }
  }

  /// Threads asked for, else what the topology gives this rank. Collective.
  func threads(_ request: Int?) throws -> Int { try decided(request) ?? topology.threadsPerRank }

  /// The pictures that rank 0's options and environment name, on every rank. Collective.
  func sources(_ options: DataOptions, seed: UInt64) throws -> SourceData {
    struct Request: Codable {
      var data: String?
      var sources: String?
      var environment: [String: String]
      var seed: UInt64
    }
    let own = environmentOfData()
    let request = try decided(Request(data: options.data, sources: options.sources, environment: own, seed: seed))
    return try loadSources(
      DataRequest(
        data: request.data, sources: request.sources, environment: request.environment, seed: request.seed))
  }

  /// Rank 0's result on standard output.
  func print(_ text: String) { if isRoot { Console.write(text, to: .standardOutput) } }

  /// Rank 0's remark on standard error.
  func note(_ text: String) { if isRoot { Console.write(text, to: .standardError) } }
}

/// Whether this process is rank 0 as far as the launcher's environment tells, before MPI is started.
var isFirstRankByEnvironment: Bool {
  let environment = ProcessInfo.processInfo.environment
  let rank = environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"] ?? environment["PMI_RANK"] ?? "0"
  return rank == "0"
}

/// A value as JSON on one line, keys sorted, numbers that read back as the same bits.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// The environment variables that the data catalogue reads.
func environmentOfData() -> [String: String] {
  ProcessInfo.processInfo.environment.filter { $0.key == "UNMIX_DATA" }
}
