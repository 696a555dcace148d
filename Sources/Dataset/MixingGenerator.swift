/// Which pictures are mixed: the streams of one seed are apart, and so are training and validation pictures.
package enum Stream: UInt32, Sendable {
  case training = 0
  case validation = 1
  case test = 2
}

/// Endless pairs of one picture of each source and their averages. Pair i of step s is a pure function of
/// (seed, stream, s, i), uniform over all pairs, with replacement: any number of processes sees the same batches.
package struct MixingGenerator: Sendable {
  /// The side of the square in which pictures stand between zeros.
  package let imageSize: Int

  private let sets: [ImageSet]
  /// For each source, the pictures this stream may draw, as indices into its set.
  private let pictures: [[UInt32]]
  private let stream: Stream
  private let key: SIMD2<UInt32>

  /// For training and validation the training sets are split by the seed, each on its own: a tenth (at least
  /// one picture) is for validation. The test stream draws from the whole test sets. Pictures are centred in `imageSize` rows and
  /// columns, which hold them.
  package init(sources: SourceData, stream: Stream, seed: UInt64, imageSize: Int) {
    precondition(
      sources.pictureSide <= imageSize, "pictures of \(sources.pictureSide) do not fit \(imageSize)x\(imageSize)")
    self.imageSize = imageSize
    sets = stream == .test ? sources.test : sources.train
    pictures = sets.indices.map { [sets] source in
      let count = sets[source].count
      switch stream {
      case .test: return (0..<UInt32(count)).map { $0 }
      case .training:
        return Array(Self.shuffled(count: count, source: source, seed: seed)[validationCount(of: count)...])
      case .validation:
        return Array(Self.shuffled(count: count, source: source, seed: seed)[..<validationCount(of: count)])
      }
    }
    self.stream = stream
    key = Philox4x32.key(seed: seed)
  }

  /// For each source, how many pictures this stream draws from.
  package var pictureCounts: [Int] { pictures.map(\.count) }

  /// The pictures of pair `index` (0 or more) of `step` (0 or more), as indices into the two image sets: the
  /// training sets for the training and validation streams, else the test sets.
  package func pair(step: Int, index: Int) -> (first: Int, second: Int) {
    guard let step = UInt32(exactly: step), let index = UInt32(exactly: index) else {
      preconditionFailure("pair \(index) of step \(step): both must be in 0..<2^32")
    }
    var attempt = Philox4x32.Domain.firstPairAttempt
    while true {
      let block = Philox4x32.block(counter: SIMD4(index, step, attempt, stream.rawValue), key: key)
      let firstBits = UInt64(block.x) | UInt64(block.y) << 32
      let secondBits = UInt64(block.z) | UInt64(block.w) << 32
      if let first = Philox4x32.reduce(firstBits, below: UInt64(pictures[0].count)),
        let second = Philox4x32.reduce(secondBits, below: UInt64(pictures[1].count))
      {
        return (Int(pictures[0][Int(first)]), Int(pictures[1][Int(second)]))
      }
      attempt += 1
    }
  }

  /// Writes the pictures of pairs `pairs` of `step`, n = pairs.count of them: centred between zeros, bytes
  /// divided by 255. Row order, local, no heap allocation; an empty range writes nothing.
  /// - Parameters:
  ///   - mixed: [n, imageSize, imageSize], the average of the two pictures; at least that large, the rest is left alone.
  ///   - targets: [2, n, imageSize, imageSize], all pictures of the first source, then all of the second; at least that large.
  package func fill(
    step: Int, pairs: Range<Int>, mixed: UnsafeMutableBufferPointer<Float>,
    targets: UnsafeMutableBufferPointer<Float>
  ) {
    let size = imageSize * imageSize
    let count = pairs.count
    precondition(mixed.count >= count * size, "mixed holds \(mixed.count) numbers, \(count * size) are written")
    precondition(
      targets.count >= 2 * count * size, "targets hold \(targets.count) numbers, \(2 * count * size) are written")
    guard let mixed = mixed.baseAddress, let targets = targets.baseAddress else { return }
    for (position, index) in pairs.enumerated() {
      let pair = pair(step: step, index: index)
      let first = unsafe targets + position * size
      let second = unsafe targets + (count + position) * size
      let average = unsafe mixed + position * size
      unsafe Self.write(sets[0], picture: pair.first, side: imageSize, into: first)
      unsafe Self.write(sets[1], picture: pair.second, side: imageSize, into: second)
      for pixel in 0..<size { unsafe average[pixel] = (first[pixel] + second[pixel]) * 0.5 }
    }
  }

  /// One picture, centred between zeros; of an odd remainder the larger part goes below and to the right.
  private static func write(_ set: ImageSet, picture: Int, side: Int, into padded: UnsafeMutablePointer<Float>) {
    let top = (side - set.rows) / 2
    let left = (side - set.columns) / 2
    unsafe padded.update(repeating: 0, count: side * side)
    unsafe set.pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<set.rows {
        let src = unsafe pixels.baseAddress! + (picture * set.rows + row) * set.columns
        let dst = unsafe padded + (top + row) * side + left
        for column in 0..<set.columns { unsafe dst[column] = Float(src[column]) / 255 }
      }
    }
  }

  /// A permutation of 0..<count by Fisher and Yates.
  private static func shuffled(count: Int, source: Int, seed: UInt64) -> [UInt32] {
    var generator = PhiloxGenerator(seed: seed, stream: UInt32(source), domain: Philox4x32.Domain.split)
    var order = (0..<UInt32(count)).map { $0 }
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, generator.uniform(below: last + 1)) }
    return order
  }
}

/// A tenth of the training pictures, but at least one: 6,000 of 60,000.
private func validationCount(of count: Int) -> Int { max(1, count / 10) }
