import Testing

@testable import Model

struct AdamTests {
  @Test func alphaCorrectsTheBiasOfBothMoments() {
    let adam = Adam()
    // Step 1: 1e-3 * sqrt(0.001) / 0.1; late: the learning rate itself.
    #expect(abs(adam.alpha(step: 1) - 3.162277660168379e-4) < 1e-16)
    #expect(abs(adam.alpha(step: 2) - 1e-3 * 0.001999.squareRoot() / 0.19) < 1e-15)
    #expect(abs(adam.alpha(step: 100_000) - 1e-3) < 1e-15)
    #expect(Adam(learningRate: 2e-3).alpha(step: 1) == 2 * adam.alpha(step: 1))
  }

  @Test func firstStepIsTheSignedLearningRateSoftenedByTheUncorrectedEpsilon() throws {
    let gradients: [Float] = [0, 1e-8, -1e-6, 1e-3, -2, 1e4]
    let buffers = (0..<4).map { _ in AlignedBuffer<Float>(repeating: 0, count: gradients.count) }
    for (i, g) in gradients.enumerated() { unsafe buffers[1].elements[i] = g }
    Adam().update(
      weights: buffers[0], gradients: buffers[1], firstMoments: buffers[2], secondMoments: buffers[3],
      range: 0..<gradients.count, step: 1)
    for (i, g) in gradients.enumerated() {
      let expected = -1e-3 * Double(g) / (abs(Double(g)) + 1e-7 / 0.001.squareRoot())
      #expect(abs(Double(unsafe buffers[0].elements[i]) - expected) <= 1e-6 * abs(expected), "gradient \(g)")
    }
  }

  @Test func tenStepsFollowTheFormulaInDoublePrecision() throws {
    let count = 77
    let buffers = (0..<4).map { _ in AlignedBuffer<Float>(repeating: 0, count: count + 3) }
    for i in 0..<count { unsafe buffers[0].elements[i] = Float(i) / 50 - 0.7 }
    unsafe buffers[0].elements[count] = 42
    var w = buffers[0].array(0..<count).map(Double.init)
    var (m, v) = (w.map { _ in 0.0 }, w.map { _ in 0.0 })
    for step in 1...10 {
      let rate = step < 6 ? 1e-3 : 3e-4
      let alpha = Adam(learningRate: rate).alpha(step: step)
      for i in 0..<count {
        let g = Float((i * 7 + step * 13) % 29 - 14) * 0.01
        unsafe buffers[1].elements[i] = g
        m[i] += (Double(g) - m[i]) * 0.1
        v[i] += (Double(g) * Double(g) - v[i]) * 0.001
        w[i] -= alpha * m[i] / (v[i].squareRoot() + 1e-7)
      }
      Adam(learningRate: rate).update(
        weights: buffers[0], gradients: buffers[1], firstMoments: buffers[2], secondMoments: buffers[3],
        range: 0..<count, step: step)
    }
    for i in 0..<count { #expect(abs(Double(unsafe buffers[0].elements[i]) - w[i]) < 1e-6) }
    #expect(buffers[0].array(count..<count + 3) == [42, 0, 0])
  }
}
