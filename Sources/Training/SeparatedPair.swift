package import Dataset
package import Model

/// A pair of pictures, mixed and separated again. A picture is [32, 32] intensities, black 0 and white 1.
package struct SeparatedPair: Sendable, Equatable {
  /// Which pair of a round, from 0.
  package var number: Int
  package var mixed: [Float]
  /// Of the first head, of the second.
  package var predicted: [[Float]]
  /// The first source, the second.
  package var truth: [[Float]]

  /// The mean squared error of each head.
  package var errors: [Double] {
    zip(predicted, truth).map { predicted, truth in
      zip(predicted, truth).reduce(0) { sum, pixel in
        let difference = Double(pixel.0) - Double(pixel.1)
        return sum + difference * difference
      } / Double(truth.count)
    }
  }

  /// Mean of both heads' mean squared errors.
  package var meanError: Double { errors.reduce(0, +) / Double(errors.count) }

  /// How many times brighter than an error its pixel is: an error of 1/4 is white.
  package static let errorBrightness: Float = 4

  /// Distances between prediction and truth of a head, `errorBrightness` times.
  package func difference(head: Int) -> [Float] {
    zip(predicted[head], truth[head]).map { Self.errorBrightness * abs($0 - $1) }
  }

  /// Mixed | predicted first | predicted second | true first | true second | error first | error second.
  package var row: [GreyPicture] {
    ([mixed] + predicted + truth + [difference(head: 0), difference(head: 1)]).map(GreyPicture.init(intensities:))
  }

  /// Separates the pairs `numbers` of the round `round` of `generator`. Local.
  package static func separate(
    _ numbers: [Int], round: Int, predictor: Predictor, generator: MixingGenerator
  ) throws -> [SeparatedPair] {
    let pixels = UNetConfiguration.pixelCount
    return try numbers.map { number in
      var mixed = [Float](repeating: 0, count: pixels)
      var truth = [Float](repeating: 0, count: 2 * pixels)
      var predicted = truth
      try unsafe mixed.withUnsafeMutableBufferPointer { mixed in
        unsafe truth.withUnsafeMutableBufferPointer { truth in
          unsafe generator.fill(step: round, pairs: number..<number + 1, mixed: mixed, targets: truth)
        }
        try unsafe predicted.withUnsafeMutableBufferPointer { predicted in
          try unsafe predictor.predict(mixed: UnsafeBufferPointer(mixed), into: predicted)
        }
      }
      return SeparatedPair(
        number: number, mixed: mixed, predicted: [Array(predicted[..<pixels]), Array(predicted[pixels...])],
        truth: [Array(truth[..<pixels]), Array(truth[pixels...])])
    }
  }
}

extension GreyPicture {
  /// 32x32 pixels of `intensities`, black 0 and white 1, clamped; what is no number is black.
  init(intensities: [Float]) {
    self.init(
      width: UNetConfiguration.imageSize, height: UNetConfiguration.imageSize,
      pixels: intensities.map { $0.isNaN ? 0 : UInt8((min(max($0, 0), 1) * 255).rounded()) })
  }
}
