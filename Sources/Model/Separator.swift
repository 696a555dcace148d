/// A trained network that takes mixed pictures apart, for programs of your own.
///
///     let separator = try Separator(weights: "best.safetensors")
///     let (digits, garments) = try separator.separate(mixed)
///
/// Not `Sendable`: one separator works on one thread at a time. Several may exist, all with one number of threads.
public final class Separator {
  /// The shape of the network, as its weight file has it; `heads` names the two sources in the order of the results.
  public let configuration: UNetConfiguration
  private let predictor: Predictor

  /// Reads a weight file (safetensors: a run's best.safetensors, or what `launcher export` wrote) and plans the network.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - precision: arithmetic of the network; bf16 is fast where the processor multiplies it in hardware.
  ///   - threads: cores to compute on, the same for all separators of a process. oneDNN keeps to it on the thread that makes a separator;
  ///     on others it takes what OpenMP takes by itself, `OMP_NUM_THREADS` or all cores.
  ///
  /// Throws ``SafeTensorsError`` for a file that is missing, damaged or no network's weights, ``OneDNNError``.
  public convenience init(weights path: String, precision: Precision = .f32, threads: Int = 1) throws {
    try self.init(file: SafeTensorsFile(contentsOf: path), precision: precision, threads: threads)
  }

  /// The network whose weights stand in `file` under names that begin with `prefix`.
  init(file: SafeTensorsFile, prefix: String = "", precision: Precision, threads: Int) throws {
    precondition(threads > 0, "\(threads) threads")
    configuration = try file.inferredConfiguration(prefix: prefix)
    let layout = ParameterLayout(configuration)
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    try file.loadWeights(into: values, layout: layout, prefix: prefix)
    useThreads(threads)
    predictor = try Predictor(configuration: configuration, values: values, precision: precision)
  }

  /// Takes any number of mixed pictures apart.
  ///
  /// - Parameter mixed: [pictures, size, size] with the configuration's `imageSize` (32 as published), row-major, each the average of two
  ///   pictures, from 0 (black) to 1 (white). Smaller pictures (28x28 as published) stand centred between zeros, as in training.
  /// - Returns: both sources' pictures, each as `mixed` in shape and order; values are never below 0 and may lie above 1.
  ///
  /// A picture's result does not depend on the others. Stops the program where `mixed` is no whole number of pictures. Throws
  /// ``OneDNNError``.
  public func separate(_ mixed: [Float]) throws -> (first: [Float], second: [Float]) {
    var both = [Float](repeating: 0, count: 2 * mixed.count)
    try unsafe mixed.withUnsafeBufferPointer { mixed in
      try unsafe both.withUnsafeMutableBufferPointer { try unsafe predictor.predict(mixed: mixed, into: $0) }
    }
    return (Array(both[..<mixed.count]), Array(both[mixed.count...]))
  }
}
