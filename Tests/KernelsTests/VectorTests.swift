import Kernels
import Testing

extension KernelsTests {
  @Suite struct Vectors {
    /// Tails of vectors and of ranges, and more ranges than one thread has.
    static let counts = [0, 1, 2, 15, 16, 17, 31, 33, 130, 1000, 16_383, 16_384, 16_385, 50_000]

    @Test(arguments: counts) func adamIsKerasesInEveryBit(_ count: Int) {
      var numbers = Numbers(seed: 15)
      let (weights, gradients, m) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
      let v = numbers.floats(count).map { $0 * $0 }
      let (alpha, oneMinusBeta1, oneMinusBeta2, epsilon): (Float, Float, Float, Float) = (1e-3, 0.1, 1e-3, 1e-7)
      var expected = [weights, m, v]
      for i in 0..<count {
        expected[1][i] += (gradients[i] - expected[1][i]) * oneMinusBeta1
        expected[2][i] += (gradients[i] * gradients[i] - expected[2][i]) * oneMinusBeta2
        expected[0][i] -= alpha * expected[1][i] / (expected[2][i].squareRoot() + epsilon)
      }
      let result = inEveryConfiguration {
        var (weights, m, v) = (weights, m, v)
        unsafe kernels_adam(
          &weights, gradients, &m, &v, Int64(count), alpha, oneMinusBeta1, oneMinusBeta2, epsilon)
        return (weights + m + v).map(Double.init)
      }
      expectEqual(result, expected.joined().map(Double.init), "weights, m, v")
    }

    /// Gradients from nothing to infinity: denormals, squares that overflow, zeros over epsilon, NaN.
    @Test func adamTreatsTheEdgesAsIEEEArithmeticDoes() {
      let gradients: [Float] =
        [0, -0.0, .leastNonzeroMagnitude, 1e-38, -1e-30, 1e-20, 1e19, -3e38, .infinity, .nan]
        + Array(repeating: 1, count: 30)
      var m = [Float](repeating: 0, count: 40), v = m, weights = [Float](repeating: 0.5, count: 40)
      let result = inEveryConfiguration {
        (m, v, weights) = (m.map { _ in 0 }, v.map { _ in 0 }, weights.map { _ in 0.5 })
        unsafe kernels_adam(&weights, gradients, &m, &v, 40, 1e-3, 0.1, 1e-3, 1e-7)
        return (weights + m + v).map(Double.init)
      }
      for i in 0..<40 {
        let m = gradients[i] * 0.1, v = gradients[i] * gradients[i] * 1e-3
        let weight = 0.5 - 1e-3 * m / (v.squareRoot() + 1e-7)
        for (actual, expected) in [(result[i], weight), (result[40 + i], m), (result[80 + i], v)] {
          #expect(actual == Double(expected) || (actual.isNaN && expected.isNaN), "element \(i)")
        }
      }
    }

    @Test(arguments: counts) func anAverageMovesByItsShare(_ count: Int) {
      var numbers = Numbers(seed: 18)
      let (average, values, share) = (numbers.floats(count), numbers.floats(count), 0.03 as Float)
      let result = inEveryConfiguration {
        var average = average
        unsafe kernels_average(&average, values, Int64(count), share)
        return average.map(Double.init)
      }
      expectEqual(result, zip(average, values).map { Double($0 + ($1 - $0) * share) }, "average")
    }

    @Test(arguments: counts) func scalingRoundsOnce(_ count: Int) {
      var numbers = Numbers(seed: 19)
      let (values, factor) = (numbers.floats(count), 0.7 as Float)
      let result = inEveryConfiguration {
        var values = values
        unsafe kernels_scale(&values, Int64(count), factor)
        return values.map(Double.init)
      }
      expectEqual(result, values.map { Double($0 * factor) }, "values")
    }

    @Test(arguments: counts) func addingAMultipleRoundsTheProductAndTheSum(_ count: Int) {
      var numbers = Numbers(seed: 20)
      let (values, addend, factor) = (numbers.floats(count), numbers.floats(count), -0.7 as Float)
      let result = inEveryConfiguration {
        var values = values
        unsafe kernels_add_scaled(&values, addend, Int64(count), factor)
        return values.map(Double.init)
      }
      expectEqual(result, zip(values, addend).map { Double($0 + factor * $1) }, "values")
    }

    @Test(arguments: counts + [16_384 * 256, 16_384 * 256 + 1]) func sumOfSquaresIsThatOfFloat64(_ count: Int) {
      var numbers = Numbers(seed: 16)
      let values = numbers.floats(count)
      let expected = values.reduce(0) { $0 + Double($1) * Double($1) }
      // Squares of f32 are exact in f64; both sums round at most once for each number.
      expectClose(
        inEveryConfiguration { [unsafe kernels_sum_of_squares(values, Int64(count))] }, [expected],
        tolerance: [2 * Double(count) * roundoff64 * expected], "sum")
    }

    @Test(arguments: [Float.nan, .infinity]) func sumOfSquaresKeepsWhatIsNotFinite(_ bad: Float) {
      for place in [0, 15, 16, 20_000, 49_999] {
        var values = [Float](repeating: 1, count: 50_000)
        values[place] = bad
        let sum = inEveryConfiguration { [unsafe kernels_sum_of_squares(values, 50_000)] }[0]
        #expect(bad.isNaN ? sum.isNaN : sum == .infinity)
      }
    }

    @Test(arguments: [(0, 4), (1, 1), (3, 17), (5, 1024), (2, 130)]) func squaredErrorIsThatOfFloat64(
      _ images: Int, _ pixels: Int
    ) {
      var numbers = Numbers(seed: 17)
      let count = images * pixels, factor: Float = 0.125
      let predicted = numbers.floats(count).map { max(0, $0) }, target = numbers.floats(count).map { abs($0) }
      func squaredError(withGradient: Bool) -> [Double] {
        var errors = [Double](repeating: .nan, count: images), gradient = [Float](repeating: .nan, count: count)
        if withGradient {
          unsafe kernels_squared_error(predicted, target, Int64(count), Int64(pixels), factor, &errors, &gradient)
        } else {
          unsafe kernels_squared_error(predicted, target, Int64(count), Int64(pixels), factor, &errors, nil)
        }
        return errors + (withGradient ? gradient.map(Double.init) : [])
      }
      var expected = [Double](repeating: 0, count: images)
      for i in 0..<count {
        let error = Double(predicted[i]) - Double(target[i])
        expected[i / pixels] += error * error
      }
      let gradient = (0..<count).map { Double(predicted[$0] > 0 ? factor * (predicted[$0] - target[$0]) : 0) }
      let result = inEveryConfiguration { squaredError(withGradient: true) }
      // The difference rounds to f32 once and is squared.
      expectClose(
        Array(result.prefix(images)), expected, tolerance: expected.map { 2.001 * roundoff32 * $0 }, "squared errors")
      expectEqual(Array(result.dropFirst(images)), gradient, "diffDst")
      expectEqual(
        inEveryConfiguration { squaredError(withGradient: false) }, Array(result.prefix(images)), "without gradient")
    }

    @Test(arguments: [(0, 4), (1, 1), (3, 17), (5, 1024), (2, 130)]) func theRootsGradientIsTheSquaresOverTheRoot(
      _ images: Int, _ pixels: Int
    ) {
      var numbers = Numbers(seed: 21)
      let count = images * pixels, scale: Float = 0.125
      let predicted = numbers.floats(count).map { max(0, $0) }
      // The last image has no error, and no gradient.
      let target = predicted.enumerated().map { $0 < count - pixels ? abs(numbers.uniform()) : $1 }
      let result = inEveryConfiguration {
        var errors = [Double](repeating: .nan, count: images), gradient = [Float](repeating: .nan, count: count)
        unsafe kernels_root_squared_error(
          predicted, target, Int64(count), Int64(pixels), scale, &errors, &gradient)
        return errors + gradient.map(Double.init)
      }
      var errors = [Double](repeating: .nan, count: images)
      unsafe kernels_squared_error(predicted, target, Int64(count), Int64(pixels), 1, &errors, nil)
      expectEqual(Array(result.prefix(images)), errors, "squared errors")
      let gradient = (0..<count).map { i -> Double in
        let error = errors[i / pixels]
        let factor = error == 0 ? 0 : Float(Double(scale) / error.squareRoot())
        return Double(predicted[i] > 0 ? factor * (predicted[i] - target[i]) : 0)
      }
      expectEqual(Array(result.dropFirst(images)), gradient, "diffDst")
    }

    @Test func theRootsGradientKeepsNotANumberInItsImage() {
      var predicted = [Float](repeating: 1, count: 60)
      predicted[39] = .nan
      let result = inEveryConfiguration {
        var errors = [0.0, 0, 0], gradient = [Float](repeating: 0, count: 60)
        unsafe kernels_root_squared_error(
          predicted, [Float](repeating: 0, count: 60), 60, 20, 1, &errors, &gradient)
        return errors + gradient.map(Double.init)
      }
      #expect(result[0] == 20 && result[1].isNaN && result[2] == 20)
      // Where the prediction itself is no number, the ReLU is closed.
      for i in 0..<60 { #expect(result[3 + i].isNaN == ((20..<39).contains(i)), "element \(i)") }
    }

    @Test func squaredErrorKeepsNotANumberInItsImage() {
      var predicted = [Float](repeating: 1, count: 60)
      predicted[39] = .nan
      let errors = inEveryConfiguration {
        var errors = [0.0, 0, 0]
        unsafe kernels_squared_error(predicted, [Float](repeating: 0, count: 60), 60, 20, 1, &errors, nil)
        return errors
      }
      #expect(errors[0] == 20 && errors[1].isNaN && errors[2] == 20)
    }
  }
}
