import Testing

@testable import Dataset

@Suite struct MixingTests {
  private static let sizes = SourceData.tiny(trainCounts: [60_000, 60_000], testCounts: [10_000, 10_000])

  /// The pictures that a stream draws in many pairs.
  private func drawn(_ generator: MixingGenerator, pairs: Int) -> (first: [Int], second: [Int]) {
    let all = (0..<pairs).map { generator.pair(step: 3, index: $0) }
    return (all.map(\.first), all.map(\.second))
  }

  private func fill(
    _ generator: MixingGenerator, step: Int, pairs: Range<Int>
  ) -> (mixed: [Float], targets: [Float]) {
    var mixed = [Float](repeating: .nan, count: pairs.count * 1_024)
    var targets = [Float](repeating: .nan, count: pairs.count * 2_048)
    unsafe mixed.withUnsafeMutableBufferPointer { mixed in
      unsafe targets.withUnsafeMutableBufferPointer { targets in
        unsafe generator.fill(step: step, pairs: pairs, mixed: mixed, targets: targets)
      }
    }
    return (mixed, targets)
  }

  @Test func sixtyThousandPicturesAreSplit54To6() {
    #expect(
      MixingGenerator(sources: Self.sizes, stream: .training, seed: 1, imageSize: 32).pictureCounts == [54_000, 54_000])
    #expect(
      MixingGenerator(sources: Self.sizes, stream: .validation, seed: 1, imageSize: 32).pictureCounts == [6_000, 6_000])
    #expect(
      MixingGenerator(sources: Self.sizes, stream: .test, seed: 1, imageSize: 32).pictureCounts == [10_000, 10_000])
  }

  @Test(arguments: [2, 9, 10, 19, 101]) func trainingAndValidationShareNoPictureAndLeaveNoneOut(count: Int) {
    let data = SourceData.tiny(trainCounts: [count, count + 5])
    let training = drawn(MixingGenerator(sources: data, stream: .training, seed: 4, imageSize: 32), pairs: 5_000)
    let validation = drawn(MixingGenerator(sources: data, stream: .validation, seed: 4, imageSize: 32), pairs: 5_000)
    #expect(Set(training.first).isDisjoint(with: validation.first))
    #expect(Set(training.second).isDisjoint(with: validation.second))
    #expect(Set(training.first).union(validation.first) == Set(0..<count))
    #expect(Set(training.second).union(validation.second) == Set(0..<count + 5))
    #expect(Set(validation.first).count == max(1, count / 10))
  }

  @Test func eachSourceIsSplitOnItsOwnAndBySeed() {
    let data = SourceData.tiny(trainCounts: [100, 100])
    let one = drawn(MixingGenerator(sources: data, stream: .validation, seed: 1, imageSize: 32), pairs: 1_000)
    let two = drawn(MixingGenerator(sources: data, stream: .validation, seed: 2, imageSize: 32), pairs: 1_000)
    #expect(Set(one.first) != Set(one.second))
    #expect(Set(one.first) != Set(two.first))
  }

  /// Chi-square over all pairs of the test stream: 99 degrees of freedom, mean 99, standard deviation 14; over
  /// the pictures of the training stream: 89 degrees, standard deviation 13.3. Bounds are five deviations.
  @Test func pairsAreUniform() {
    let data = SourceData.tiny(trainCounts: [100, 100])
    func statistic(_ values: [Int], _ bins: Int) -> Double {
      var counts: [Int: Int] = [:]
      for value in values { counts[value, default: 0] += 1 }
      let expected = Double(values.count) / Double(bins)
      let seen = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      return seen + Double(bins - counts.count) * expected
    }
    let test = drawn(MixingGenerator(sources: data, stream: .test, seed: 11, imageSize: 32), pairs: 100_000)
    let joint = statistic(zip(test.first, test.second).map { $0 * 10 + $1 }, 100)
    #expect((29...169).contains(joint))
    let training = drawn(MixingGenerator(sources: data, stream: .training, seed: 11, imageSize: 32), pairs: 90_000)
    #expect((22...156).contains(statistic(training.first, 90)))
    #expect((22...156).contains(statistic(training.second, 90)))
  }

  @Test func stepsIndicesSeedsAndStreamsDrawApart() {
    func pairs(_ stream: Stream, _ seed: UInt64, _ step: Int) -> [Int] {
      let generator = MixingGenerator(sources: Self.sizes, stream: stream, seed: seed, imageSize: 32)
      return (0..<20).map { generator.pair(step: step, index: $0).first }
    }
    let sequences = [
      pairs(.test, 1, 0), pairs(.test, 1, 1), pairs(.test, 2, 0), pairs(.training, 1, 0), pairs(.validation, 1, 0),
      pairs(.test, 1 << 32, 0),
    ]
    #expect(Set(sequences).count == sequences.count)
    for sequence in sequences { #expect(Set(sequence).count > 15) }
  }

  /// A change of this digest changes every run that anybody resumes or repeats.
  @Test func theSequenceOfPairsNeverChanges() {
    var digest = Digest()
    for stream in [Stream.training, .validation, .test] {
      let generator = MixingGenerator(sources: Self.sizes, stream: stream, seed: 2025, imageSize: 32)
      for step in [0, 1, 70_000] {
        for index in 0..<100 {
          let pair = generator.pair(step: step, index: index)
          digest.update(pair.first)
          digest.update(pair.second)
        }
      }
    }
    #expect(digest.finish() == "d2763aa462facf2bceb1155b951f842044f3db7d0676fd9863c21c33a62be666")
  }

  @Test func slicesAreTheBatchTheyAreCutFrom() {
    let data = ProceduralSources.make(seed: 1, trainCount: 40, testCount: 5)
    let generator = MixingGenerator(sources: data, stream: .training, seed: 8, imageSize: 32)
    let whole = fill(generator, step: 5, pairs: 0..<33)
    var mixed: [Float] = []
    var heads: [[Float]] = [[], []]
    for slice in [0..<9, 9..<17, 17..<17, 17..<25, 25..<33] {
      let part = fill(generator, step: 5, pairs: slice)
      mixed += part.mixed
      heads[0] += part.targets[..<(part.targets.count / 2)]
      heads[1] += part.targets[(part.targets.count / 2)...]
    }
    #expect(mixed == whole.mixed)
    #expect(heads[0] + heads[1] == whole.targets)
  }

  @Test func picturesAreCentredScaledAndAveraged() {
    // 28x28 leaves two on each side, 31x5 none above, one below, 13 to the left and 14 to the right.
    func set(_ rows: Int, _ columns: Int, _ seed: UInt64) -> ImageSet {
      ImageSet(name: "x", count: 2, rows: rows, columns: columns, pixels: noise(count: 2 * rows * columns, seed: seed))
    }
    let sets = [set(28, 28, 1), set(31, 5, 2)]
    let data = SourceData(names: ["a", "b"], origin: .synthetic, train: sets, test: sets)
    let generator = MixingGenerator(sources: data, stream: .test, seed: 3, imageSize: 32)
    let (mixed, targets) = fill(generator, step: 2, pairs: 4..<10)
    for position in 0..<6 {
      let pair = generator.pair(step: 2, index: 4 + position)
      for row in 0..<32 {
        for column in 0..<32 {
          func expected(_ set: ImageSet, _ picture: Int, _ top: Int, _ left: Int) -> Float {
            guard (0..<set.rows).contains(row - top), (0..<set.columns).contains(column - left) else { return 0 }
            return Float(set.pixels[(picture * set.rows + row - top) * set.columns + column - left]) / 255
          }
          let first = expected(sets[0], pair.first, 2, 2)
          let second = expected(sets[1], pair.second, 0, 13)
          let pixel = position * 1_024 + row * 32 + column
          #expect(targets[pixel] == first)
          #expect(targets[6 * 1_024 + pixel] == second)
          #expect(mixed[pixel] == (first + second) / 2)
        }
      }
    }
  }

  /// Pictures of 20x24 and 48x30 in 50x50: 15 rows above and 13 columns to the left of the one, 1 and 10 of the other.
  @Test func otherSizesAreCentredToo() {
    let sets = [(20, 24), (48, 30)].map { rows, columns in
      ImageSet(
        name: "x", count: 2, rows: rows, columns: columns,
        pixels: noise(count: 2 * rows * columns, seed: UInt64(rows)).map { max($0, 1) })
    }
    let data = SourceData(names: ["a", "b"], origin: .synthetic, train: sets, test: sets)
    #expect(data.pictureSide == 48)
    let generator = MixingGenerator(sources: data, stream: .test, seed: 3, imageSize: 50)
    var (mixed, targets) = ([Float](repeating: 0, count: 2_500), [Float](repeating: 0, count: 5_000))
    unsafe mixed.withUnsafeMutableBufferPointer { mixed in
      unsafe targets.withUnsafeMutableBufferPointer {
        unsafe generator.fill(step: 0, pairs: 0..<1, mixed: mixed, targets: $0)
      }
    }
    for row in 0..<50 {
      for column in 0..<50 {
        let inside = [
          (15..<35).contains(row) && (13..<37).contains(column), (1..<49).contains(row) && (10..<40).contains(column),
        ]
        let pixel = row * 50 + column
        #expect([targets[pixel] > 0, targets[2_500 + pixel] > 0] == inside)
        #expect(mixed[pixel] == (targets[pixel] + targets[2_500 + pixel]) / 2)
      }
    }
  }

  @Test func fillLeavesTheRestOfALargerBufferAlone() {
    let generator = MixingGenerator(sources: Self.sizes, stream: .test, seed: 1, imageSize: 32)
    var mixed = [Float](repeating: 7, count: 3 * 1_024)
    var targets = [Float](repeating: 7, count: 5 * 1_024)
    unsafe mixed.withUnsafeMutableBufferPointer { mixed in
      unsafe targets.withUnsafeMutableBufferPointer { targets in
        unsafe generator.fill(step: 0, pairs: 0..<2, mixed: mixed, targets: targets)
      }
    }
    #expect(!mixed[..<2_048].contains(7) && mixed[2_048...].allSatisfy { $0 == 7 })
    #expect(!targets[..<4_096].contains(7) && targets[4_096...].allSatisfy { $0 == 7 })
  }
}
