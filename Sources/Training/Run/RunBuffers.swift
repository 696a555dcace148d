package import Model

/// What a checkpoint takes from the memory of a run. The buffers are the run's own, not copies.
package struct RunBuffers {
  /// Weights and moving statistics after the last step.
  var current: AlignedBuffer<Float>
  /// Those of the best epoch; nil before the first epoch is complete.
  var best: AlignedBuffer<Float>?
  /// Their moving averages; nil where none are kept.
  var averages: AlignedBuffer<Float>?
  /// The optimiser's, one value for each trained weight.
  var firstMoments: AlignedBuffer<Float>
  var secondMoments: AlignedBuffer<Float>

  package init(
    current: AlignedBuffer<Float>, best: AlignedBuffer<Float>?, averages: AlignedBuffer<Float>? = nil,
    firstMoments: AlignedBuffer<Float>, secondMoments: AlignedBuffer<Float>
  ) {
    (self.current, self.best, self.averages) = (current, best, averages)
    (self.firstMoments, self.secondMoments) = (firstMoments, secondMoments)
  }
}
