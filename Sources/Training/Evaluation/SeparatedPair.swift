package import Dataset
package import Model

/// A pair of pictures, mixed and separated again. A picture is [side, side] intensities, the side that of the network's pictures, black 0 and white 1.
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

  /// Pictures of a `row`.
  package static let columns = 7

  /// Mixed | predicted first | predicted second | true first | true second | error first | error second.
  package var row: [GreyPicture] {
    ([mixed] + predicted + truth + [difference(head: 0), difference(head: 1)]).map(GreyPicture.init(intensities:))
  }

  /// Separates the pairs `numbers` of the round `round` of `generator`. Local.
  package static func separate(
    _ numbers: [Int], round: Int, predictor: Predictor, generator: MixingGenerator
  ) throws -> [SeparatedPair] {
    let pixels = predictor.configuration.pixelCount
    var mixed = [Float](repeating: 0, count: numbers.count * pixels)
    var truth = [[Float]](repeating: [Float](repeating: 0, count: 2 * pixels), count: numbers.count)
    var predicted = [Float](repeating: 0, count: 2 * mixed.count)
    try unsafe mixed.withUnsafeMutableBufferPointer { mixed in
      for (index, number) in numbers.enumerated() {
        let place = unsafe UnsafeMutableBufferPointer(rebasing: mixed[index * pixels..<(index + 1) * pixels])
        unsafe truth[index].withUnsafeMutableBufferPointer {
          unsafe generator.fill(step: round, pairs: number..<number + 1, mixed: place, targets: $0)
        }
      }
      try unsafe predicted.withUnsafeMutableBufferPointer { predicted in
        try unsafe predictor.predict(mixed: UnsafeBufferPointer(mixed), into: predicted)
      }
    }
    return numbers.enumerated().map { index, number in
      func picture(_ values: [Float], _ begin: Int) -> [Float] { Array(values[begin..<begin + pixels]) }
      let (first, second) = (index * pixels, (numbers.count + index) * pixels)
      return SeparatedPair(
        number: number, mixed: picture(mixed, first),
        predicted: [picture(predicted, first), picture(predicted, second)],
        truth: [picture(truth[index], 0), picture(truth[index], pixels)])
    }
  }
}

extension GreyPicture {
  /// A square of `intensities`, black 0 and white 1, clamped; what is no number is black.
  init(intensities: [Float]) {
    let side = Int(Double(intensities.count).squareRoot())
    self.init(
      width: side, height: side,
      pixels: intensities.map { $0.isNaN ? 0 : UInt8((min(max($0, 0), 1) * 255).rounded()) })
  }
}
