package import Distributed
package import Model

/// One rank's machinery of a training step: flat buffers, the network for this rank's slices, reductions, optimiser.
///
/// A step is: ``fill(step:from:)``, ``computeGradients()``, ``update(step:learningRate:)``.
/// All ranks make the same calls in the same order, ranks with empty slices too. After the first step nothing here
/// allocates.
///
/// Beside the gradients' buckets a step sends one message of its own, last: four f64 with both heads' squared errors, the
/// ranks that saw a non-finite gradient and those that were asked to stop. It replaces spare slots in the last bucket,
/// because f32 sums over many ranks would not keep the loss to 1e-6.
package final class TrainingStep {
  package let layout: ParameterLayout
  package let network: SlicedNetwork
  /// Pairs of one step, over all ranks.
  package let globalBatch: Int
  /// How every global batch is dealt to the ranks.
  package let slicing: Slicing
  /// This rank's pairs of every global batch, those of all its slices.
  package let slice: Range<Int>
  /// `layout.count` weights, trained ones first; the same on every rank. Call `network.packWeights()` after a change.
  package let values: AlignedBuffer<Float>
  /// `layout.trainedCount` gradients.
  package let gradients: AlignedBuffer<Float>
  /// `layout.trainedCount` first moments of Adam; of kernels that Muon moves, their momentum.
  package let firstMoments: AlignedBuffer<Float>
  /// `layout.trainedCount` second moments of Adam; of kernels that Muon moves, zeros.
  package let secondMoments: AlignedBuffer<Float>

  /// `layout.count` averages of `values` over the steps; nil where none are kept.
  package let averages: AlignedBuffer<Float>?
  /// All that goes on from step to step, the same on every rank.
  var stateBuffers: [AlignedBuffer<Float>] { [values, firstMoments, secondMoments] + (averages.map { [$0] } ?? []) }
  private let average: WeightAverage?

  /// Mean squared errors of the two heads over the global batch; their sum is the loss.
  package struct Losses: Sendable, Codable, Equatable {
    package var first: Double
    package var second: Double
    package var sum: Double { first + second }
    package init(first: Double, second: Double) { (self.first, self.second) = (first, second) }
  }

  /// Wall seconds of the parts of a step.
  package struct Phases: Sendable, Codable, Equatable {
    package var forward = 0.0, loss = 0.0, backward = 0.0, reduction = 0.0, update = 0.0
    package init() {}
  }

  /// Seconds of the last ``computeGradients()`` and ``update(step:learningRate:)``; `reduction` is what backward did not hide.
  package private(set) var phases = Phases()
  /// Seconds of the parts in ``phases`` in which this rank waited for another to arrive; zeros unless ``measuresWaiting``.
  package private(set) var waits = Phases()
  /// Seconds of the last step in which this rank was in sums over the ranks that are waited for, and in the exchange of the weights
  /// that one rank moved for all.
  package private(set) var sumSeconds = 0.0
  /// Set: all ranks meet before every sum over the ranks, so that ``waits`` can be told from work. Slower; for measuring.
  package var measuresWaiting: Bool {
    get { reducer.times.measuresWaiting }
    set { (reducer.times.measuresWaiting, weightUpdate.measuresWaiting) = (newValue, newValue) }
  }
  /// Set: the step sends nothing, and every rank goes on by itself. For measuring what the messages cost.
  package var isSilent: Bool {
    get { reducer.isSilent }
    set { (reducer.isSilent, weightUpdate.isSilent) = (newValue, newValue) }
  }
  /// What this rank has sent so far: sums that are waited for (statistics and the closing message), buckets of the gradient, and
  /// weights that one rank moved for all.
  package var traffic: (statistics: Traffic, gradients: Traffic, weights: Traffic) {
    let sums = reducer.traffic
    return (sums.statistics, sums.gradients, weightUpdate.traffic)
  }
  /// Set before ``computeGradients()`` to ask all ranks to stop.
  package var asksToStop = false
  /// Whether any rank asked to stop in the last ``computeGradients()``; the same on every rank.
  package private(set) var isAskedToStop = false

  /// The ranks that add their gradients up in memory: the node of every rank. The same on every rank.
  package var nodes: [Int] { reducer.nodes }
  /// Why they do not, where they were to.
  package var sharingRefusal: SharingRefusal? { reducer.sharingRefusal }
  /// How the MPI library adds up between nodes; nil where it does not. The same on every rank.
  package var algorithm: SumAlgorithm? { reducer.algorithm }
  /// How gradients are added up, in words, and why not in shared memory.
  package var reduction: String { reducer.reduction }

  /// What the step lessens.
  package let loss: TrainingLoss
  private let reducer: any StepSums
  let rank: Int
  private let size: Int
  private let pixelCount: Int
  private let weightUpdate: WeightUpdate
  /// Of the last step's gradient, where it was shortened.
  private var lengthBeforeClipping: Double?
  /// Squared errors of both heads, non-finite ranks, stopping ranks.
  private let status = AlignedBuffer<Double>(repeating: 0, count: 4)
  /// The moving statistics before the step: its forward pass moves them, and a step that fails must not have been.
  private let movingBefore: AlignedBuffer<Float>

  /// Plans the step: all buffers zero (fill `values`, then `network.packWeights()`). Collective.
  /// - Parameters:
  ///   - globalBatch: pairs of one step, at least 1.
  ///   - loss: what the step lessens; the same on every rank.
  ///   - rule: how the gradient moves the weights; the same on every rank.
  ///   - averageDecay: of a ``WeightAverage``; 0 for none; the same on every rank.
  ///   - bucketBytes: size of a gradient message of f32; the same on every rank.
  ///   - wire: how gradients travel between nodes; the same on every rank; f32 with `slices`.
  ///   - slices: a fixed number of slices, which makes the step the same to the last bit on any number of ranks that
  ///     ``Slicing/problem(fixed:ranks:)`` allows; nil for one slice on each rank.
  ///   - shares: pairs of each rank, see ``Slicing``; the same on every rank; nil for equal ones.
  ///   - grouping: which ranks add gradients up in memory first; the same on every rank; of no effect with `slices`.
  package init(
    network configuration: UNetConfiguration, precision: Precision, globalBatch: Int, loss: TrainingLoss = .mse,
    rule: UpdateRule = UpdateRule(), averageDecay: Double = 0, bucketBytes: Int, wire: GradientWire = .f32,
    slices: Int? = nil, shares: [Int]? = nil, grouping: NodeGrouping = .sharedMemory,
    communicator: Communicator
  ) throws {
    precondition(globalBatch >= 1, "a global batch of \(globalBatch)")
    (rank, size) = (communicator.rank, communicator.size)
    pixelCount = configuration.pixelCount
    (self.globalBatch, self.loss) = (globalBatch, loss)
    slicing = Slicing(of: globalBatch, fixed: slices, shares: shares, ranks: size)
    slice = slicing.pairs(ofRank: rank)
    layout = ParameterLayout(configuration)
    values = AlignedBuffer(repeating: 0, count: layout.count)
    precondition(slices == nil || wire == .f32, "sums of fixed slices travel in f32")
    reducer =
      slices == nil
      ? try GradientReducer(
        count: layout.trainedCount, bucketBytes: bucketBytes, wire: wire, grouping: grouping, communicator: communicator
      )
      : try TreeReducer(count: layout.trainedCount, bucketBytes: bucketBytes, communicator: communicator)
    gradients = reducer.gradients
    average = averageDecay > 0 ? WeightAverage(decay: averageDecay) : nil
    averages = averageDecay > 0 ? AlignedBuffer(repeating: 0, count: layout.count) : nil
    firstMoments = AlignedBuffer(repeating: 0, count: layout.trainedCount)
    secondMoments = AlignedBuffer(repeating: 0, count: layout.trainedCount)
    movingBefore = AlignedBuffer(repeating: 0, count: layout.count - layout.trainedCount)
    weightUpdate = try WeightUpdate(rule, layout: layout, communicator: communicator)
    network = try SlicedNetwork(
      configuration: configuration, values: values, batches: slicing.slices(ofRank: rank).map(\.count),
      precision: precision)
  }

  /// Rank `rank`'s part of `0..<globalBatch`: contiguous, in rank order, sizes differing by at most one, larger ones
  /// first; empty for the last ranks where there are more of them than pairs.
  package static func slice(of globalBatch: Int, rank: Int, size: Int) -> Range<Int> {
    precondition(globalBatch >= 0 && rank >= 0 && rank < size, "rank \(rank) of \(size) in a batch of \(globalBatch)")
    let (share, remainder) = globalBatch.quotientAndRemainder(dividingBy: size)
    let begin = rank * share + min(rank, remainder)
    return begin..<begin + share + (rank < remainder ? 1 : 0)
  }

  /// Forward, loss, backward and reduction; afterwards `gradients` holds the gradient of the global batch on every rank.
  ///
  /// Collective. Returns the losses of the global batch. Throws ``RunError/nonFinite(_:step:)`` on every rank alike where a
  /// loss or a gradient is not finite, and `values` are then those before the step, moving statistics too; else what MPI or
  /// oneDNN report, and pending messages are left behind.
  package func computeGradients() throws -> Losses {
    reducer.begin()
    lengthBeforeClipping = nil
    let moving = unsafe values.elements(layout.trainedCount..<layout.count)
    _ = unsafe movingBefore.elements.update(fromContentsOf: moving)
    do {
      return try run()
    } catch let error as RunError {
      reducer.abandon()
      _ = unsafe moving.update(fromContentsOf: movingBefore.elements)
      throw error
    } catch {
      reducer.abandon()
      throw error
    }
  }

  private func run() throws -> Losses {
    var watch = Stopwatch()
    ProgressBoard.own.enter(.forward)
    try network.forwardTraining(sums: reducer)
    phases.forward = watch.lap()
    waits.forward = reducer.times.takeWaited()
    network.computeLoss(loss, globalBatch: globalBatch)
    phases.loss = watch.lap()
    // The last step's gradient of all ranks stands here; a rank without pictures adds nothing to this one's.
    if slice.isEmpty { unsafe gradients.elements.update(repeating: 0) }
    ProgressBoard.own.enter(.backward)
    try network.backward(into: gradients, sums: reducer)
    phases.backward = watch.lap()
    waits.backward = reducer.times.takeWaited()
    ProgressBoard.own.enter(.reduction)
    try reducer.finishGradients()
    let losses = try sumStatus()
    phases.reduction = watch.lap()
    waits.reduction = reducer.times.takeWaited()
    sumSeconds = reducer.times.takeSumSeconds()
    return losses
  }

  /// Length of the global batch's gradient after ``computeGradients()``, also where ``update(step:learningRate:)`` has shortened
  /// `gradients` since. Local.
  package func gradientNorm() -> Double {
    if let lengthBeforeClipping { return lengthBeforeClipping }
    return unsafe sumOfSquares(gradients.elements).squareRoot()
  }

  private func sumStatus() throws -> Losses {
    let share = Self.slice(of: layout.trainedCount, rank: rank, size: size)
    let status = unsafe status.elements
    unsafe network.sumSquaredErrors(into: status)
    unsafe status[2] = holdsNonFinite(gradients.elements(share)) ? 1 : 0
    unsafe status[3] = asksToStop ? 1 : 0
    try unsafe reducer.sum(status)
    isAskedToStop = unsafe status[3] > 0
    let pixels = Double(globalBatch * pixelCount)
    let losses = unsafe Losses(first: status[0] / pixels, second: status[1] / pixels)
    guard losses.first.isFinite else { throw try nonFiniteLoss(head: 0) }
    guard losses.second.isFinite else { throw try nonFiniteLoss(head: 1) }
    if unsafe status[2] > 0 { throw RunError.nonFinite(.gradient(tensor: firstNonFiniteTensor), step: nil) }
    return losses
  }

  /// Collective: every rank knows of the loss.
  private func nonFiniteLoss(head: Int) throws -> RunError {
    let name = layout.configuration.heads[head]
    let layer = try network.firstNonFiniteLayer(sums: reducer) ?? "head.\(name)"
    return .nonFinite(.loss(head: name, layer: layer), step: nil)
  }

  /// The last tensor of the buffer, so the first of the backward pass, whose gradient is not finite.
  private var firstNonFiniteTensor: String {
    for tensor in layout.tensors.reversed() where tensor.range.upperBound <= layout.trainedCount {
      if unsafe holdsNonFinite(gradients.elements(tensor.range)) { return tensor.name }
    }
    return "an unknown tensor"
  }

  /// Runs `body` with the averages in the place of the weights, where averages are kept; the training network keeps its own, packed. Local.
  func withAverages<R>(_ body: () throws -> R) throws -> R {
    exchangeAverages()
    defer { exchangeAverages() }
    return try body()
  }

  private func exchangeAverages() {
    guard let averages else { return }
    let (a, b) = unsafe (values.elements, averages.elements)
    for i in 0..<values.count { unsafe (a[i], b[i]) = (b[i], a[i]) }
  }

  /// The rule's step of `values` by `gradients`, then the averages, then `network.packWeights()`. `step` counts from 1. Collective; the
  /// same on every rank.
  package func update(step: Int, learningRate: Double) throws {
    var watch = Stopwatch()
    ProgressBoard.own.enter(.update)
    let outcome = try weightUpdate.run(
      .init(values: values, gradients: gradients, firstMoments: firstMoments, secondMoments: secondMoments),
      step: step, learningRate: learningRate)
    lengthBeforeClipping = outcome.lengthBeforeClipping
    sumSeconds += outcome.exchangeSeconds
    waits.update = outcome.waitedSeconds
    if let averages { average?.update(averages, weights: values, step: step) }
    try network.packWeights()
    phases.update = watch.lap()
  }
}

/// Whether any value is a NaN or an infinity: adding one to an exponent of all ones carries into the sign's place.
func holdsNonFinite(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
  var carry: UInt32 = 0
  guard let base = values.baseAddress else { return false }
  for i in 0..<values.count { unsafe carry |= (base[i].bitPattern & 0x7f80_0000) &+ 0x0080_0000 }
  return carry & 0x8000_0000 != 0
}
