import Distributed
import Kernels
import Model

/// The step of the weights by an ``UpdateRule``.
///
/// Adam's part is the same on every rank. Muon's kernels are dealt to the ranks, so that more ranks take less time for them: each rank
/// moves its own, then gives them to the others. So ranks of unequal processors and threads hold the same bits.
final class WeightUpdate {
  /// Buffers of a step; the same as ``TrainingStep``'s.
  struct Buffers {
    let values, gradients, firstMoments, secondMoments: AlignedBuffer<Float>
  }

  /// What a step of the weights was like on this rank.
  struct Outcome {
    /// Length of a gradient that was shortened.
    var lengthBeforeClipping: Double?
    /// Seconds of giving the ranks' kernels to each other, waiting included.
    var exchangeSeconds = 0.0
    /// Seconds of these in which this rank waited for the last one to be ready; 0 unless ``WeightUpdate/measuresWaiting``.
    var waitedSeconds = 0.0
  }

  private let layout: ParameterLayout
  private let rule: UpdateRule
  /// The elements that weight decay lessens.
  private let kernelRanges: [Range<Int>]
  private let muon: Muon?
  /// What Muon does not move, as ranges of the trained part.
  private let adamRanges: [Range<Int>]
  /// Positions in `muon.tensors`, by rank.
  private let shares: [Range<Int>]
  /// nil where nothing is exchanged.
  private let communicator: Communicator?
  private let rank: Int
  private var adam = Adam()

  /// Set: nothing is sent, and this rank moves its own kernels alone.
  var isSilent = false
  /// Set: all ranks meet before they exchange kernels. For measuring who waits for whom.
  var measuresWaiting = false

  /// Duplicates `communicator` where kernels are dealt to several ranks. Collective.
  init(_ rule: UpdateRule, layout: ParameterLayout, communicator: Communicator) throws {
    (self.rule, self.layout, rank) = (rule, layout, communicator.rank)
    kernelRanges = layout.tensors.filter { [.convolutionWeight, .transposedWeight].contains($0.role) }.map(\.range)
    let muon = rule.method == .muon ? Muon(layout) : nil
    let costs = muon?.tensors.map(Muon.cost) ?? []
    self.muon = muon
    shares = contiguousShares(of: costs, parts: communicator.size)
    adamRanges = Self.complement(of: muon?.tensors.map(\.range) ?? [], in: 0..<layout.trainedCount)
    self.communicator = muon != nil && communicator.size > 1 ? try communicator.duplicate() : nil
  }

  /// What this rank has sent so far.
  var traffic: Traffic { communicator?.traffic ?? Traffic() }

  /// Moves `buffers.values` by the gradients; `step` counts from 1. The gradients may be shortened. Collective.
  func run(_ buffers: Buffers, step: Int, learningRate: Double) throws -> Outcome {
    let (values, gradients) = (buffers.values, buffers.gradients)
    var outcome = Outcome()
    if let most = rule.clipNorm {
      let norm = unsafe sumOfSquares(gradients.elements).squareRoot()
      if norm > most {
        outcome.lengthBeforeClipping = norm
        unsafe kernels_scale(gradients.base, Int64(layout.trainedCount), Float(most / norm))
      }
    }
    if rule.weightDecay > 0 {
      for range in kernelRanges {
        unsafe kernels_scale(
          values.base + range.lowerBound, Int64(range.count), Float(1 - learningRate * rule.weightDecay))
      }
    }
    adam.learningRate = learningRate
    for range in adamRanges {
      adam.update(
        weights: values, gradients: gradients, firstMoments: buffers.firstMoments,
        secondMoments: buffers.secondMoments, range: range, step: step)
    }
    guard let muon else { return outcome }
    muon.updateMomentum(buffers.firstMoments, gradients: gradients)
    for tensor in muon.tensors[shares[rank]] {
      try muon.update(
        tensor, weights: values, gradients: gradients, firstMoments: buffers.firstMoments, learningRate: learningRate)
    }
    guard let communicator, !isSilent else { return outcome }
    var watch = Stopwatch()
    if measuresWaiting { outcome.waitedSeconds = try communicator.secondsToMeet() }
    for (owner, share) in shares.enumerated() where !share.isEmpty {
      // What lies between two kernels is Adam's, and everybody has it already.
      let range = muon.tensors[share.lowerBound].range.lowerBound..<muon.tensors[share.upperBound - 1].range.upperBound
      try unsafe communicator.broadcast(values.elements(range), root: owner)
    }
    outcome.exchangeSeconds = watch.lap()
    return outcome
  }

  private static func complement(of ranges: [Range<Int>], in whole: Range<Int>) -> [Range<Int>] {
    var (result, start): ([Range<Int>], Int) = ([], whole.lowerBound)
    for range in ranges {
      if start < range.lowerBound { result.append(start..<range.lowerBound) }
      start = range.upperBound
    }
    if start < whole.upperBound { result.append(start..<whole.upperBound) }
    return result
  }
}

/// Cuts `costs` into at most `parts` runs of neighbours whose dearest is as cheap as can be; the last ones may be empty.
func contiguousShares(of costs: [Int], parts: Int) -> [Range<Int>] {
  precondition(parts > 0 && costs.allSatisfy { $0 >= 0 }, "\(parts) parts of \(costs)")
  func cut(at limit: Int) -> [Range<Int>] {
    var (result, start, sum): ([Range<Int>], Int, Int) = ([], 0, 0)
    for (index, cost) in costs.enumerated() {
      if sum + cost > limit && index > start {
        result.append(start..<index)
        (start, sum) = (index, 0)
      }
      sum += cost
    }
    if start < costs.count { result.append(start..<costs.count) }
    return result
  }
  // The least limit that needs no more parts than there are: between the dearest cost and all of them.
  var (least, most) = (costs.max() ?? 0, costs.reduce(0, +))
  while least < most {
    let middle = least + (most - least) / 2
    if cut(at: middle).count <= parts { most = middle } else { least = middle + 1 }
  }
  let shares = cut(at: least)
  return shares + [Range<Int>](repeating: costs.count..<costs.count, count: parts - shares.count)
}
