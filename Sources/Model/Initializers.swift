/// Fills `values[0..<layout.count]` as Keras initialises a new network, from `generator` alone.
///
/// Kernels are uniform in ±sqrt(6 / (fan in + fan out)) (glorot_uniform), drawn in layout order, one `next()` for each
/// element; biases, beta and moving means are 0, gamma and moving variances 1. A transposed kernel swaps its fans, which
/// leaves their sum. The weights are a pure function of the generator's state, whatever the number of ranks.
package func initializeWeights(
  _ values: AlignedBuffer<Float>, layout: ParameterLayout, using generator: inout some RandomNumberGenerator
) {
  precondition(values.count >= layout.count, "\(values.count) values for a network of \(layout.count)")
  for tensor in layout.tensors {
    let elements = unsafe values.elements(tensor.range)
    switch tensor.role {
    case .convolutionWeight, .transposedWeight:
      let limit = (6 / Double((tensor.shape[0] + tensor.shape[1]) * tensor.shape[2] * tensor.shape[3])).squareRoot()
      for i in elements.indices {
        // 53 bits of [0, 1), spread over [-limit, limit).
        let unit = Double(generator.next() >> 11) * 0x1p-53
        unsafe elements[i] = Float((2 * unit - 1) * limit)
      }
    case .gamma, .movingVariance:
      unsafe elements.update(repeating: 1)
    case .normalisedBias, .bias, .beta, .movingMean:
      unsafe elements.update(repeating: 0)
    }
  }
}
