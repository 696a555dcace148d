import Dataset
import Distributed
import Model
import Training

/// Which pictures a command works on, as rank 0 understood it.
struct DataChoice: Codable {
  var data: String?
  var sources: String?
  /// Rank 0's UNMIX_DATA.
  var environment: String?
  var seed: UInt64

  var request: DataRequest {
    DataRequest(
      data: data, sources: sources, environment: environment.map { ["UNMIX_DATA": $0] } ?? [:], seed: seed)
  }
}

extension Job {
  /// The pictures of `choice` on every rank, the same on each. Collective; throws ``JobFailure``.
  ///
  /// `afterEachFile` is called on each rank as its files are read, and may throw to end the job.
  func loadPictures(_ choice: DataChoice, afterEachFile: () throws -> Void = {}) throws -> SourceData {
    ProgressBoard.own.enter(.loadingData)
    let pictures = try everywhere {
      try loadSources(choice.request) {
        ProgressBoard.own.progressed()
        try afterEachFile()
      }
    }
    let fingerprints = try communicator.gather(text: pictures.fingerprint, root: 0)
    _ = try onRoot {
      if let rank = fingerprints.firstIndex(where: { $0 != pictures.fingerprint }) {
        throw RunError.ranksHoldDifferentData(rank: rank)
      }
    }
    return pictures
  }

  /// The weights that rank 0's `options` name on every rank. Collective; throws ``JobFailure``.
  func loadWeights(_ options: WeightsOptions) throws -> NetworkWeights {
    try NetworkWeights(sharing: onRoot { try options.load() }, communicator: communicator)
  }

  /// Says once what the work is done on: nothing is chosen silently. Rank 0's alone.
  func announce(_ pictures: SourceData?, precision: Precision, threads: Int) {
    guard isRoot else { return }
    if let pictures {
      Output.note(
        pictures.origin == .synthetic
          ? "data: synthetic, drawn by this program from the seed; not MNIST, not Fashion-MNIST"
          : "data: \(pictures.origin)")
    }
    let ranks = communicator.size == 1 ? "1 rank" : "\(communicator.size) ranks"
    Output.note(
      "precision: \(precision.rawValue)  instruction set: \(InstructionSet.inUse.rawValue)  \(ranks) of \(threads) "
        + (threads == 1 ? "thread" : "threads"))
  }
}
