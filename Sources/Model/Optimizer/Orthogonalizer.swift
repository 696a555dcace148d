import Glibc
import Kernels

/// Turns a matrix into one of nearly orthonormal rows with the same singular vectors, by the Newton-Schulz iteration of Muon (Jordan et
/// al. 2024): five times `X = a X + b (X X') X + c (X X')² X`, begun at Frobenius norm 1.
///
/// The iteration is carried out on the square `X X'`, whose factors commute, and multiplied to the matrix once at its end: a kernel
/// of a convolution has several times more columns than rows, and the square is small.
@safe
final class Orthogonalizer {
  /// The published coefficients of the polynomial: they lift small singular values fast and leave those near 1 between 0.68 and 1.13.
  static let coefficients: (a: Float, b: Float, c: Float) = (3.4445, -4.7750, 2.0315)
  /// Applications of the polynomial.
  static let iterations = 5

  /// Multiplications so far: the ``cost(rows:columns:)`` of each call.
  private(set) var multiplications = 0

  /// Rows that fit.
  private let mostRows: Int
  /// The square of the matrix, the polynomial of it, the product of all polynomials, and what a product is written to.
  private var square, factor, product, next: AlignedBuffer<Float>
  private let scaled: AlignedBuffer<Float>

  /// Makes room for matrices of at most `rows` rows and `count` elements.
  init(rows: Int, count: Int) {
    precondition(rows > 0 && count >= rows, "\(count) elements in \(rows) rows")
    mostRows = rows
    square = AlignedBuffer(repeating: 0, count: rows * rows)
    factor = AlignedBuffer(repeating: 0, count: rows * rows)
    product = AlignedBuffer(repeating: 0, count: rows * rows)
    next = AlignedBuffer(repeating: 0, count: rows * rows)
    scaled = AlignedBuffer(repeating: 0, count: count)
  }

  /// Multiplications of an orthogonalisation.
  static func cost(rows: Int, columns: Int) -> Int {
    // Every polynomial takes one, all but the first are multiplied to the others, and all but the last make the next square by two.
    let products = iterations + (iterations - 1) + 2 * (iterations - 1)
    return 2 * rows * rows * columns + products * rows * rows * rows
  }

  /// Writes the orthogonalised `src`, [rows, columns] with no more rows than columns, to `dst`. A matrix of zeros stays one.
  /// Local; allocates nothing of its own. Throws ``OneDNNError``.
  func orthogonalize(
    _ src: UnsafePointer<Float>, into dst: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) throws {
    let (count, (a, b, c)) = (rows * columns, Self.coefficients)
    precondition(
      rows <= columns && rows <= mostRows && count <= scaled.count,
      "\(rows)x\(columns) where \(mostRows) rows and \(scaled.count) elements fit")
    let norm = unsafe kernels_sum_of_squares(src, Int64(count)).squareRoot()
    unsafe scaled.base.update(from: src, count: count)
    unsafe kernels_scale(scaled.base, Int64(count), Float(1 / (norm + 1e-7)))

    func multiply(
      _ x: AlignedBuffer<Float>, _ y: AlignedBuffer<Float>, into dst: AlignedBuffer<Float>, scale: Float = 1,
      part: Float = 0
    ) throws {
      try unsafe self.multiply(x, y, into: dst.base, rows: rows, inner: rows, columns: rows, scale: scale, part: part)
    }
    try unsafe self.multiply(
      scaled, scaled, transposed: true, into: square.base, rows: rows, inner: columns, columns: rows)
    for iteration in 0..<Self.iterations {
      unsafe factor.base.update(from: square.base, count: rows * rows)
      try multiply(square, square, into: factor, scale: c, part: b)
      for i in 0..<rows { unsafe factor.base[i * (rows + 1)] += a }
      if iteration == 0 {
        unsafe product.base.update(from: factor.base, count: rows * rows)
      } else {
        try multiply(factor, product, into: next)
        swap(&product, &next)
      }
      if iteration + 1 < Self.iterations {
        try multiply(factor, square, into: next)
        try multiply(next, factor, into: square)
      }
    }
    try unsafe self.multiply(product, scaled, into: dst, rows: rows, inner: rows, columns: columns)
  }

  /// The function of the same name, counted.
  private func multiply(
    _ a: AlignedBuffer<Float>, _ b: AlignedBuffer<Float>, transposed: Bool = false,
    into dst: UnsafeMutablePointer<Float>, rows: Int, inner: Int, columns: Int, scale: Float = 1, part: Float = 0
  ) throws {
    multiplications += rows * inner * columns
    try unsafe Model.multiply(
      a.base, b.base, transposed: transposed, into: dst, rows: rows, inner: inner, columns: columns, scale: scale,
      part: part)
  }
}
