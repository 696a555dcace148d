import TestSupport
import Testing

@testable import Model

struct MuonTests {
  private let layout = ParameterLayout(UNetConfiguration(baseChannels: 16, blocks: 2, convolutionsPerBlock: 2))

  @Test func theKernelsAreItsOwnExceptTheFirstAndTheHeads() {
    #expect(
      Muon(layout).tensors.map(\.name) == [
        "encoder.0.conv.1.weight", "encoder.1.conv.0.weight", "encoder.1.conv.1.weight", "decoder.0.up.weight",
        "decoder.0.conv.0.weight", "decoder.0.conv.1.weight",
      ])
  }

  /// Two steps against the formulas; the direction by the orthogonaliser itself, which has tests of its own.
  @Test func aStepFollowsTheFormula() throws {
    let muon = Muon(layout)
    let tensor = layout["decoder.0.up.weight"]
    #expect(tensor.shape == [32, 16, 3, 3])
    var numbers = SplitMix(state: 5)
    let buffers = (0..<3).map { _ in AlignedBuffer<Float>(repeating: 0, count: layout.count) }
    let (weights, gradients, moments) = (buffers[0], buffers[1], buffers[2])
    var momentum = [Double](repeating: 0, count: tensor.range.count)
    for rate in [0.5, 0.125] {
      gradients.copy((0..<layout.count).map { _ in Float.random(in: -1...1, using: &numbers) })
      let before = weights.array()
      let gradient = gradients.array(tensor.range).map(Double.init)
      for i in gradient.indices { momentum[i] += (gradient[i] - momentum[i]) * 0.05 }
      let direction = zip(gradient, momentum).map { Float($0 + ($1 - $0) * 0.95) }

      muon.updateMomentum(moments, gradients: gradients)
      try muon.update(tensor, weights: weights, gradients: gradients, firstMoments: moments, learningRate: rate)

      let buffer = AlignedBuffer<Float>(repeating: 0, count: direction.count)
      buffer.copy(direction)
      let orthogonalizer = Orthogonalizer(rows: 32, count: direction.count)
      try unsafe orthogonalizer.orthogonalize(buffer.base, into: buffer.base, rows: 32, columns: 144)
      let factor = rate * 0.2 * 12
      let expected = zip(before[tensor.range], buffer.array()).map { Double($0) - factor * Double($1) }
      let found = weights.array(tensor.range)
      #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-3 * rate }, "rate \(rate)")
      // About the root mean square of Adam's steps: 0.2 times the learning rate.
      let moved = zip(found, before[tensor.range]).map { Double($0 - $1) }
      let size = (moved.reduce(0) { $0 + $1 * $1 } / Double(moved.count)).squareRoot() / rate
      #expect((0.16...0.22).contains(size), "\(size)")
      // Nothing else moved, and every kernel's momentum did.
      let rest = weights.array().indices.filter { !tensor.range.contains($0) }
      #expect(rest.allSatisfy { unsafe weights.elements[$0] == before[$0] })
    }
    let moved = Set(muon.tensors.flatMap { Array($0.range) })
    #expect((0..<layout.count).allSatisfy { (unsafe moments.elements[$0] != 0) == moved.contains($0) })
  }
}
