import Model
import Testing

@testable import Training

struct GradientBucketsTests {
  /// Hands out what `ranges`, completed one after the other, allow.
  private func buckets(_ count: Int, bytes: Int, completing ranges: [Range<Int>]) -> [[Range<Int>]] {
    var buckets = GradientBuckets(count: count, bytes: bytes)
    return ranges.map { range in
      buckets.complete(range)
      var out: [Range<Int>] = []
      while let bucket = buckets.next() { out.append(bucket) }
      return out
    }
  }

  @Test func bucketsAreCutFromTheEndAndTheFirstIsAQuarter() {
    #expect(buckets(100, bytes: 160, completing: [0..<100]) == [[90..<100, 50..<90, 10..<50, 0..<10]])
    #expect(
      buckets(100, bytes: 160, completing: [95..<100, 89..<95, 51..<89, 50..<51, 0..<50]) == [
        [], [90..<100], [], [50..<90], [10..<50, 0..<10],
      ])
  }

  @Test(arguments: [1, 4, 5, 16, 1000, 1 << 20])
  func everyElementGoesOnceWhateverTheSizes(_ bytes: Int) {
    for count in [0, 1, 2, 3, 7, 64, 1001] {
      for parts in [1, 2, 3, 10] {
        let ends = (0...parts).map { count - count * $0 / parts }
        let all = buckets(count, bytes: bytes, completing: zip(ends.dropFirst(), ends).map { $0..<$1 }).flatMap { $0 }
        #expect(all.reversed().flatMap(Array.init) == Array(0..<count))
        let buckets = GradientBuckets(count: count, bytes: bytes)
        #expect(all.count <= buckets.messageCount && all == all.indices.map { buckets[$0] })
        // The same messages on every rank, whoever completes them in how many parts.
        #expect(all == self.buckets(count, bytes: bytes, completing: [0..<count]).flatMap { $0 })
      }
    }
  }

  /// Records what a backward pass completes, and how much of its work was done by then.
  private final class Recorder: CrossRankSums {
    var completed: [Range<Int>] = []
    func sum(_ values: UnsafeMutableBufferPointer<Double>) {}
    func gradientsAreComplete(_ range: Range<Int>) { completed.append(range) }
  }

  /// Operations of the backward pass behind the weights of `range`: both gradients of every weight at each of its pixels.
  private func operations(_ layout: ParameterLayout, _ range: Range<Int>) -> Int {
    layout.tensors.filter { $0.shape.count == 4 && range.contains($0.range.lowerBound) }.reduce(0) { sum, tensor in
      let name = tensor.name.split(separator: ".")
      let blocks = layout.configuration.blocks
      let stage =
        switch name[0] {
        case "encoder": Int(name[1])!
        // Of a transposed convolution the pixels of its source count.
        case "decoder": blocks - 2 - Int(name[1])! + (name[2] == "up" ? 1 : 0)
        default: 0
        }
      return sum + 2 * tensor.range.count * (UNetConfiguration().pixelCount >> (2 * stage)) * 2
    }
  }

  @Test func messagesLeaveEarlyInThePublishedNetwork() throws {
    let configuration = UNetConfiguration()
    let layout = ParameterLayout(configuration)
    let values = AlignedBuffer<Float>(repeating: 0.01, count: layout.count)
    let network = try SlicedNetwork(configuration: configuration, values: values, batches: [1], precision: .f32)
    let gradients = AlignedBuffer<Float>(repeating: 0, count: layout.trainedCount)
    let recorder = Recorder()
    try network.packWeights()
    try network.forwardTraining(sums: recorder)
    network.computeLoss(globalBatch: 1)
    try network.backward(into: gradients, sums: recorder)
    #expect(recorder.completed.reversed().flatMap(Array.init) == Array(0..<layout.trainedCount))

    let all = operations(layout, 0..<layout.trainedCount)
    // The first layer's input needs no gradient.
    #expect(
      abs(Double(all) / Double(configuration.operations.backwardData + configuration.operations.backwardWeights) - 1)
        < 0.01)
    let steps = zip(
      buckets(layout.trainedCount, bytes: RunConfiguration().bucketBytes, completing: recorder.completed),
      recorder.completed)
    var done = 0
    var posted: [(share: Double, bytes: Int)] = []
    for (buckets, range) in steps {
      done += operations(layout, range)
      posted += buckets.map { (Double(done) / Double(all), 4 * $0.count) }
    }
    #expect(posted[0].share < 0.25, "\(posted[0])")

    // A link of 1 Gbit/s beside a backward pass of 190 ms: it sends one bucket after the other as they come.
    let (bytesPerSecond, backward) = (125e6, 0.19)
    var (free, moved) = (0.0, 0.0)
    for (share, bytes) in posted {
      let begin = max(free, share * backward)
      free = begin + Double(bytes) / bytesPerSecond
      moved += min(Double(bytes), max(0, (backward - begin) * bytesPerSecond))
    }
    #expect(moved > 0.6 * Double(4 * layout.trainedCount), "\(moved / Double(4 * layout.trainedCount))")
  }
}
