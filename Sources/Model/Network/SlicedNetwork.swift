/// The network of a training step on one rank: a ``UNet`` for each of the rank's slices of the global batch, driven in lockstep.
///
/// Each slice is computed by primitives planned for its own number of images, and keeps its own activations and gradients. What
/// belongs to the whole batch is summed part by part, first over this rank's slices along a binary tree (neighbours, then
/// neighbours of pairs, ...), then over the ranks by ``CrossRankSums``. One slice on each rank is the ordinary case.
///
/// All slices share the flat weights and, layer by layer, the batch statistics: moving statistics move once in a step.
package final class SlicedNetwork {
  /// What both passes normalise by; the same on every rank, and not to be changed between the two passes of a step.
  package var statistics = NormalisationStatistics.batch()

  /// One for each slice, in the order of the batch.
  package let slices: [UNet]

  /// In the order of the forward pass, each as the parts of all slices.
  private let layers: [[any NetworkPart]]
  /// Gradients of the slices after the first, each as long as the trained weights.
  private let laterGradients: [AlignedBuffer<Float>]
  private let layout: ParameterLayout

  /// Plans a network for slices of `batches` images, at least one of them, over the flat weights `values`.
  /// Throws `OneDNNError` where oneDNN has no fast implementation for a shape.
  package init(
    configuration: UNetConfiguration, values: AlignedBuffer<Float>, batches: [Int], precision: Precision
  ) throws {
    precondition(!batches.isEmpty, "a network without slices")
    var slices: [UNet] = []
    for batch in batches {
      slices.append(
        try UNet(
          configuration: configuration, values: values, batch: batch, mode: .training, precision: precision,
          sharingStatisticsOf: slices.first))
    }
    let layout = slices[0].layout
    layers = slices[0].parts.indices.map { [slices] index in slices.map { $0.parts[index] } }
    laterGradients = batches.dropFirst().map { _ in AlignedBuffer(repeating: 0, count: layout.trainedCount) }
    (self.slices, self.layout) = (slices, layout)
  }

  /// Copies the flat weights into the forms that the passes read.
  package func packWeights() throws { for slice in slices { try slice.packWeights() } }

  /// Forward, with the statistics of the global batch unless they are frozen; moves the moving statistics in the flat weights
  /// towards them. Collective.
  package func forwardTraining(sums ranks: any CrossRankSums) throws {
    for slice in slices { slice.takeInput() }
    for layer in layers {
      for part in layer { try part.forward() }
      if let normalisation = layer[0].normalisation {
        switch statistics {
        case .batch(let momentum):
          for part in layer { part.measure() }
          try unsafe normalisation.takeSums(
            sum(layer, count: normalisation.forwardSumCount, ranks), momentum: momentum)
        case .frozen:
          normalisation.useMovingStatistics()
        }
      }
      for part in layer { part.finishForward() }
    }
  }

  /// The first convolution of the last forward pass whose outputs are not all finite, on any rank, as in "encoder.0.conv.1"; nil where
  /// all are. Collective, and the same on every rank.
  package func firstNonFiniteLayer(sums ranks: any CrossRankSums) throws -> String? {
    for layer in layers {
      guard let normalisation = layer[0].normalisation else { continue }
      let isFinite: Bool
      switch statistics {
      case .batch:
        isFinite = unsafe (Array(normalisation.mean.elements) + normalisation.variance.elements).allSatisfy(\.isFinite)
      case .frozen:
        // Nothing was summed in the pass; what the convolutions left is still there.
        for part in layer { part.measure() }
        isFinite = unsafe try sum(layer, count: normalisation.forwardSumCount, ranks).allSatisfy(\.isFinite)
      }
      if !isFinite {
        return normalisation.name.split(separator: ".").map { $0 == "bn" ? "conv" : $0 }.joined(separator: ".")
      }
    }
    return nil
  }

  /// Compares every slice's predictions with its targets: see ``UNet/computeLoss(_:globalBatch:)``. Local.
  package func computeLoss(_ loss: TrainingLoss = .mse, globalBatch: Int) {
    for slice in slices { slice.computeLoss(loss, globalBatch: globalBatch) }
  }

  /// Gradient of the loss into `gradients[0..<layout.trainedCount]`: this rank's part, to be summed over the ranks.
  /// Announces each range of it to `ranks` as soon as it is complete, from the end to the start. Collective.
  package func backward(into gradients: AlignedBuffer<Float>, sums ranks: any CrossRankSums) throws {
    precondition(
      gradients.count >= layout.trainedCount, "\(gradients.count) gradients for \(layout.trainedCount) weights")
    for layer in layers.reversed() {
      if let normalisation = layer[0].normalisation {
        for (slice, part) in layer.enumerated() { part.measureBackward(into: buffer(slice, first: gradients)) }
        switch statistics {
        case .batch: try unsafe normalisation.takeBackwardSums(sum(layer, count: normalisation.backwardSumCount, ranks))
        case .frozen: normalisation.takeNoBackwardSums()
        }
      }
      for (slice, part) in layer.enumerated() { try part.backward(into: buffer(slice, first: gradients)) }
      if let range = layer[0].range {
        unsafe addOverTree(slices.count) { unsafe buffer($0, first: gradients).elements(range) }
        try ranks.gradientsAreComplete(range)
      }
      for part in layer { try part.backwardData() }
    }
  }

  /// Sets `sums[0]` and `sums[1]` to both heads' squared errors of this rank's pictures: added picture by picture in each slice,
  /// the slices' sums along the tree. Local.
  package func sumSquaredErrors(into sums: UnsafeMutableBufferPointer<Double>) {
    for slice in slices { slice.sumSquaredErrors() }
    unsafe addOverTree(slices.count) { unsafe slices[$0].errorSums.elements }
    for head in 0..<2 { unsafe sums[head] = slices[0].errorSums.base[head] }
  }

  private func buffer(_ slice: Int, first: AlignedBuffer<Float>) -> AlignedBuffer<Float> {
    slice == 0 ? first : laterGradients[slice - 1]
  }

  /// The first `count` sums of all slices and ranks, in the first slice's buffer.
  private func sum(
    _ layer: [any NetworkPart], count: Int, _ ranks: any CrossRankSums
  ) throws -> UnsafeMutableBufferPointer<Double> {
    func sums(_ slice: Int) -> UnsafeMutableBufferPointer<Double> {
      guard let sums = layer[slice].sums else { preconditionFailure("a normalisation without sums") }
      return unsafe sums.elements(0..<count)
    }
    unsafe addOverTree(layer.count) { unsafe sums($0) }
    let all = unsafe sums(0)
    try unsafe ranks.sum(all)
    return unsafe all
  }
}

/// Adds up `count` buffers of one length along a binary tree, in place: afterwards `buffer(0)` holds the sum.
///
/// First 0 and 1, 2 and 3, ..., then 0 and 2, 4 and 6, ..., and so on: the order depends on the number of buffers alone.
private func addOverTree<Value: FloatingPoint>(
  _ count: Int, _ buffer: (Int) -> UnsafeMutableBufferPointer<Value>
) {
  var distance = 1
  while distance < count {
    var left = 0
    while left + distance < count {
      let (sum, term) = unsafe (buffer(left), buffer(left + distance))
      precondition(sum.count == term.count, "\(sum.count) and \(term.count) values in one sum")
      for i in 0..<sum.count { unsafe sum[i] += term[i] }
      left += 2 * distance
    }
    distance *= 2
  }
}
