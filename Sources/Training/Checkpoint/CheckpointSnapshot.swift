import Model

/// A copy of a run at one step, in buffers that are there from the start: copying allocates no memory of the buffers' size.
final class CheckpointSnapshot {
  private let layout: ParameterLayout
  private let current: AlignedBuffer<Float>
  private let best: AlignedBuffer<Float>
  private let firstMoments: AlignedBuffer<Float>
  private let secondMoments: AlignedBuffer<Float>
  /// nil where none are kept.
  private let averages: AlignedBuffer<Float>?
  private var hasBest = false
  /// nil before the first copy.
  private(set) var description: Checkpoint.Description?

  /// Room for a network of `layout`, and for averages of its weights where they are kept.
  init(_ layout: ParameterLayout, keepsAverages: Bool = false) {
    averages = keepsAverages ? AlignedBuffer(repeating: 0, count: layout.count) : nil
    self.layout = layout
    current = AlignedBuffer(repeating: 0, count: layout.count)
    best = AlignedBuffer(repeating: 0, count: layout.count)
    firstMoments = AlignedBuffer(repeating: 0, count: layout.trainedCount)
    secondMoments = AlignedBuffer(repeating: 0, count: layout.trainedCount)
  }

  /// Copies the run as it stands.
  func take(_ description: Checkpoint.Description, _ run: RunBuffers) {
    self.description = description
    current.copy(run.current)
    if let runBest = run.best { best.copy(runBest) }
    hasBest = run.best != nil
    precondition(
      (run.averages == nil) == (averages == nil), "averages of a run that keeps \(averages == nil ? "none" : "some")")
    if let runAverages = run.averages { averages?.copy(runAverages) }
    firstMoments.copy(run.firstMoments)
    secondMoments.copy(run.secondMoments)
  }

  /// The file of the last copy; the next copy must wait until it is written.
  func image() -> CheckpointImage {
    guard let description else { preconditionFailure("an image of a snapshot that was never taken") }
    return CheckpointImage(
      description, layout: layout,
      .init(
        current: current, best: hasBest ? best : nil, averages: averages, firstMoments: firstMoments,
        secondMoments: secondMoments))
  }
}
