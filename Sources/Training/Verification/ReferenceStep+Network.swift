package import Dataset
package import Model

extension ReferenceStep {
  /// The step of `weights` on the first `pairs` pairs of `generator`, computed in plain f64 loops inside the program.
  ///
  /// With the bounds of programs of `precision`.
  package init(of weights: NetworkWeights, pairs: Int, generator: MixingGenerator, precision: Precision) {
    var input = [Float](repeating: 0, count: pairs * weights.configuration.pixelCount)
    var targets = [Float](repeating: 0, count: 2 * input.count)
    unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe targets.withUnsafeMutableBufferPointer {
        unsafe generator.fill(step: 0, pairs: 0..<pairs, mixed: input, targets: $0)
      }
    }
    self.init(
      computedFor: weights.configuration, weights: weights.values.array(), input: input, targets: targets,
      precision: precision)
  }
}
