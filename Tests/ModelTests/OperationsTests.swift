import Testing

@testable import Model

struct OperationsTests {
  /// By hand: 2 · pixels · 9 · in · out of each convolution.
  @Test func publishedNetworkDoes3_6BillionOperationsAnImage() {
    let operations = UNetConfiguration().operations
    let first = 2 * 1024 * 9 * 64
    let outer = 2 * 1024 * 9 * 64 * 64
    // encoder: 2 outer; half an outer, 2; half, 2. decoder: up half, 2, 1, 1; up half, 2, 1, 1. Heads: 2 · 1024 · 64 · 2.
    let forward = first + outer * 2 + outer * 5 / 2 + outer * 5 / 2 + outer * 9 + 2 * 1024 * 64 * 2
    #expect(operations.forward == forward)
    #expect(operations.backwardWeights == forward && operations.backwardData == forward - first)
    #expect(operations.training == 3 * forward - first)
  }

  @Test func oneBlockHasNoTransposedConvolution() {
    let network = UNetConfiguration(baseChannels: 4, blocks: 1, convolutionsPerBlock: 1, heads: ["a", "b"])
    #expect(network.operations.forward == 2 * 1024 * (9 * 4 + 4 * 2))
  }
}
