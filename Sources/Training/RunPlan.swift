package import Distributed
package import Model

/// What decides the rounding of a run beside its configuration: recorded in every checkpoint.
///
/// A resume under an equal plan goes on as if it had never stopped, bit for bit.
package struct RunPlan: Sendable, Codable, Equatable {
  package var ranks: Int
  /// Bytes of one gradient message.
  package var bucketBytes: Int
  /// How gradients travel.
  package var wire: GradientWire
  /// Threads of each rank.
  package var threads: Int
  package var precision: Precision
  package var instructionSet: String
  /// Name and version of the MPI library, whose algorithms add the gradients.
  package var mpi: String
  /// Version of oneDNN.
  package var oneDNN: String
  /// First pair and end of every rank's slice of the global batch.
  package var slices: [[Int]]
}

extension RunPlan {
  /// The plan of `configuration` on these ranks and this machine.
  package init(_ configuration: RunConfiguration, communicator: Communicator) {
    ranks = communicator.size
    bucketBytes = configuration.bucketBytes
    wire = configuration.wire
    threads = configuration.threads
    precision = configuration.precision
    instructionSet = InstructionSet.inUse.rawValue
    mpi = Communicator.libraryVersion
    oneDNN = oneDNNVersion()
    slices = (0..<communicator.size).map { rank in
      let slice = TrainingStep.slice(of: configuration.globalBatch, rank: rank, size: communicator.size)
      return [slice.lowerBound, slice.upperBound]
    }
  }

  /// What differs from the plan of a checkpoint, in words; empty where nothing does.
  package func differences(from old: RunPlan) -> [String] {
    func difference<Value: Equatable>(_ name: String, _ now: Value, _ before: Value) -> String? {
      now == before ? nil : "\(name) \(now) instead of \(before)"
    }
    let found = [
      difference("ranks", ranks, old.ranks), difference("bucket bytes", bucketBytes, old.bucketBytes),
      difference("wire", wire.rawValue, old.wire.rawValue), difference("threads", threads, old.threads),
      difference("precision", precision, old.precision),
      difference("instruction set", instructionSet, old.instructionSet), difference("MPI", mpi, old.mpi),
      difference("oneDNN", oneDNN, old.oneDNN),
    ].compactMap { $0 }
    return found.isEmpty && slices != old.slices ? ["other slices"] : found
  }
}
