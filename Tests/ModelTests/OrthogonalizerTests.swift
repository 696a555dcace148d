import TestSupport
import Testing

@testable import Model

/// Orthogonalisation of matrices whose singular vectors and values are known.
struct OrthogonalizerTests {
  /// `src` and what the iteration makes of it in f64: the same vectors, every value moved by the scalar polynomial.
  private struct Example {
    var src: [Double]
    var expected: [Double]
  }

  private func example(values: [Double], columns: Int, seed: UInt64) -> Example {
    let rows = values.count
    var numbers = SplitMix(state: seed)
    let left = orthonormalRows(rows, of: rows, &numbers)
    let right = orthonormalRows(rows, of: columns, &numbers)
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let (a, b, c) = (3.4445, -4.7750, 2.0315)
    let moved = values.map { value -> Double in
      (0..<5).reduce(value / norm) { x, _ in a * x + b * x * x * x + c * x * x * x * x * x }
    }
    func matrix(_ diagonal: [Double]) -> [Double] {
      var matrix = [Double](repeating: 0, count: rows * columns)
      for i in 0..<rows {
        for k in 0..<rows {
          let factor = left[k][i] * diagonal[k]
          for j in 0..<columns { matrix[i * columns + j] += factor * right[k][j] }
        }
      }
      return matrix
    }
    return Example(src: matrix(values), expected: matrix(moved))
  }

  /// Gram and Schmidt's, twice over each row.
  private func orthonormalRows(_ count: Int, of length: Int, _ numbers: inout SplitMix) -> [[Double]] {
    var rows: [[Double]] = []
    for _ in 0..<count {
      var row = (0..<length).map { _ in Double.random(in: -1...1, using: &numbers) }
      for other in rows + rows {
        let product = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
        row = zip(row, other).map { $0 - product * $1 }
      }
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rows.append(row.map { $0 / norm })
    }
    return rows
  }

  private func orthogonalized(_ src: [Double], rows: Int) throws -> [Float] {
    let (columns, buffer) = (src.count / rows, AlignedBuffer<Float>(repeating: 0, count: src.count))
    buffer.copy(src.map(Float.init))
    // Room for more than it takes, and in place.
    let orthogonalizer = Orthogonalizer(rows: rows + 3, count: src.count + 5)
    try unsafe orthogonalizer.orthogonalize(buffer.base, into: buffer.base, rows: rows, columns: columns)
    return buffer.array()
  }

  @Test(arguments: [(1, 1), (1, 9), (4, 4), (5, 7), (16, 144), (33, 300)])
  func theSingularVectorsStayAndTheValuesFollowThePolynomial(rows: Int, columns: Int) throws {
    // From 1 down to 1/50, in no order.
    let values = (0..<rows).map { 1 / (1 + 49 * Double(($0 * 7) % rows) / Double(max(1, rows - 1))) }
    let example = example(values: values, columns: columns, seed: UInt64(rows))
    let result = try orthogonalized(example.src.map { 1e-3 * $0 }, rows: rows)
    let error = zip(result, example.expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(result.allSatisfy { $0.isFinite } && error < 2e-4, "\(rows)x\(columns): \(error)")
  }

  @Test func rowsAreNearlyOrthonormal() throws {
    var numbers = SplitMix(state: 8)
    let (rows, columns) = (24, 216)
    let src = (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &numbers) }
    let result = try orthogonalized(src, rows: rows).map(Double.init)
    for i in 0..<rows {
      for k in 0...i {
        let product = (0..<columns).reduce(0) { $0 + result[i * columns + $1] * result[k * columns + $1] }
        // The values end between 0.68 and 1.13, so their squares between 0.46 and 1.28.
        #expect(i == k ? (0.46...1.28).contains(product) : abs(product) < 0.41, "rows \(i) and \(k): \(product)")
      }
    }
  }

  @Test(arguments: [(1, 1), (4, 4), (5, 7), (16, 144)])
  func theCostIsWhatIsMultiplied(rows: Int, columns: Int) throws {
    let buffer = AlignedBuffer<Float>(repeating: 1, count: rows * columns)
    let orthogonalizer = Orthogonalizer(rows: rows, count: buffer.count)
    for calls in 1...2 {
      try unsafe orthogonalizer.orthogonalize(buffer.base, into: buffer.base, rows: rows, columns: columns)
      #expect(orthogonalizer.multiplications == calls * Orthogonalizer.cost(rows: rows, columns: columns))
    }
  }

  @Test func zerosStayZeros() throws {
    #expect(try orthogonalized([Double](repeating: 0, count: 36), rows: 4).allSatisfy { $0 == 0 })
  }

  @Test func aNaNIsNotHidden() throws {
    var src = [Double](repeating: 1, count: 36)
    src[7] = .nan
    #expect(try orthogonalized(src, rows: 4).contains { $0.isNaN })
  }
}
