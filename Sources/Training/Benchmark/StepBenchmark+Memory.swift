import Dataset
import Distributed
import Glibc
import Model

extension StepBenchmark {
  /// The most memory this program ever held: `VmHWM` of proc(5). C function where there is no such line: `getrusage`, which counts
  /// what the process was before it became this program too, the one that started it.
  package static func residentBytes() -> Double {
    if let kibibytes = FileSystem.systemText("/proc/self/status").flatMap(highWaterMark(in:)) {
      return kibibytes * 1024
    }
    var usage = rusage()
    let status = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    precondition(status == 0, "getrusage fails for wrong arguments alone, and said \(status)")
    return Double(usage.ru_maxrss) * 1024
  }

  /// KiB in the line `VmHWM:  123 kB`.
  private static func highWaterMark(in status: String) -> Double? {
    status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split { $0 == " " || $0 == "\t" }.dropFirst().first
      .flatMap { Double($0) }
  }

  /// The most of all ranks. Collective.
  func mostResidentBytes() throws -> Double {
    var bytes = [Self.residentBytes()]
    try communicator.allReduce(&bytes, .max)
    return bytes[0]
  }

  /// What `body` gives while all is there that a training holds beside its steps, and was used: the networks of validation and
  /// evaluation, and on rank 0 the copies for checkpoints and of the best weights. Collective.
  func withWhatATrainingHolds<Value>(_ step: TrainingStep, _ body: () throws -> Value) throws -> Value {
    let validator = try Validator(
      step: step, precision: configuration.precision,
      generator: MixingGenerator(
        sources: sources, stream: .validation, seed: configuration.seed, imageSize: configuration.network.imageSize),
      steps: 1, communicator: communicator)
    _ = try validator.run(on: .first)
    let evaluator = try Evaluator(
      network: configuration.network, values: step.values, precision: configuration.precision, sources: sources,
      communicator: communicator)
    _ = try evaluator.evaluate(
      rounds: 1, pairs: evaluator.predictor.batch * communicator.size, seed: configuration.seed, split: .test)
    var copies: (CheckpointSnapshot, best: AlignedBuffer<Float>)?
    if communicator.rank == 0 {
      copies = (
        CheckpointSnapshot(step.layout, keepsAverages: configuration.averageDecay > 0),
        AlignedBuffer(repeating: 0, count: step.layout.count)
      )
    }
    return try withExtendedLifetime((validator, evaluator, copies)) { try body() }
  }
}
