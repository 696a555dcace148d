/// Separates any number of pictures through one inference network of a fixed batch shape.
///
/// The last batch is padded with zeros, so a picture's prediction does not depend on how many are asked for, nor on how
/// they are dealt to ranks.
package final class Predictor {
  /// Pictures of one pass.
  package static let defaultBatch = 50

  package let batch: Int
  private let network: UNet

  /// Plans the network over the flat weights `values`, shared with the caller.
  package init(
    configuration: UNetConfiguration, values: AlignedBuffer<Float>, precision: Precision,
    batch: Int = Predictor.defaultBatch
  ) throws {
    precondition(batch > 0, "batches of \(batch) pictures")
    self.batch = batch
    network = try UNet(
      configuration: configuration, values: values, batch: batch, mode: .inference, precision: precision)
  }

  /// The network's shape.
  package var configuration: UNetConfiguration { network.configuration }

  /// Reads the weights again, after they changed.
  package func reload() throws { try network.packWeights() }

  /// mixed [n, imageSize, imageSize] f32 to predictions [2, n, imageSize, imageSize] f32, head-major; `predictions.count` is twice
  /// `mixed.count`.
  package func predict(
    mixed: UnsafeBufferPointer<Float>, into predictions: UnsafeMutableBufferPointer<Float>
  ) throws {
    let pixels = network.configuration.pixelCount
    precondition(mixed.count % pixels == 0, "\(mixed.count) values are no whole number of \(pixels)-pixel pictures")
    precondition(
      predictions.count == 2 * mixed.count, "\(predictions.count) predictions for \(mixed.count) mixed values")
    let count = mixed.count / pixels
    for start in stride(from: 0, to: count, by: batch) {
      let here = min(batch, count - start)
      let input = unsafe network.input
      unsafe input.baseAddress!.update(from: mixed.baseAddress! + start * pixels, count: here * pixels)
      unsafe UnsafeMutableBufferPointer(rebasing: input[(here * pixels)...]).update(repeating: 0)
      try network.forwardInference()
      for head in 0..<2 {
        let src = unsafe network.predictions.baseAddress! + head * batch * pixels
        let dst = unsafe predictions.baseAddress! + (head * count + start) * pixels
        unsafe dst.update(from: src, count: here * pixels)
      }
    }
  }
}
