import Kernels

/// Muon (Jordan et al. 2024) for the kernels of convolutions: the step is the momentum's nearest matrix with orthonormal rows, so that
/// every direction moves as far, and not the few that dominate the gradient.
///
/// `m += (g - m)(1 - momentum)`, `u = g + (m - g) momentum` (Nesterov), `w -= learningRate 0.2 sqrt(columns) orthogonal(u)`. A kernel is
/// the matrix of its first axis by all the others. The factor gives a step the root mean square of Adam's, so that both take the same
/// learning rate (Liu et al. 2025).
@safe
package final class Muon {
  /// Decay of the momentum.
  package static let momentum = 0.95
  /// Root mean square of a step at a learning rate of 1.
  package static let stepSize = 0.2

  /// The kernels that have a step of this kind, in layout order. All else is Adam's.
  package let tensors: [ParameterLayout.Tensor]
  private let orthogonalizer: Orthogonalizer
  private let direction: AlignedBuffer<Float>

  /// Makes room for the kernels of `layout`.
  package init(_ layout: ParameterLayout) {
    tensors = layout.tensors.filter(Self.isMatrix)
    let count = tensors.map(\.range.count).max() ?? 1
    orthogonalizer = Orthogonalizer(rows: tensors.map { $0.shape[0] }.max() ?? 1, count: count)
    direction = AlignedBuffer(repeating: 0, count: count)
  }

  /// Whether `tensor` is a kernel with several rows and no more rows than columns: not the heads', and not the first convolution's
  /// unless it is small.
  package static func isMatrix(_ tensor: ParameterLayout.Tensor) -> Bool {
    switch tensor.role {
    case .convolutionWeight, .transposedWeight: tensor.shape[0] > 1 && tensor.shape[0] <= columns(of: tensor)
    default: false
    }
  }

  /// Multiplications of a step of `tensor`.
  package static func cost(of tensor: ParameterLayout.Tensor) -> Int {
    Orthogonalizer.cost(rows: tensor.shape[0], columns: columns(of: tensor))
  }

  private static func columns(of tensor: ParameterLayout.Tensor) -> Int { tensor.range.count / tensor.shape[0] }

  /// Takes the gradients of all ``tensors`` into their momentum. Local, the same on every rank and at every instruction set.
  package func updateMomentum(_ firstMoments: AlignedBuffer<Float>, gradients: AlignedBuffer<Float>) {
    for tensor in tensors {
      let first = tensor.range.lowerBound
      unsafe kernels_average(
        firstMoments.base + first, gradients.base + first, Int64(tensor.range.count), Float(1 - Self.momentum))
    }
  }

  /// The step of one of ``tensors``, after ``updateMomentum(_:gradients:)``, in place. Local. Throws ``OneDNNError``.
  ///
  /// Its last bits depend on the instruction set and the number of threads.
  package func update(
    _ tensor: ParameterLayout.Tensor, weights: AlignedBuffer<Float>, gradients: AlignedBuffer<Float>,
    firstMoments: AlignedBuffer<Float>, learningRate: Double
  ) throws {
    let (first, count, rows) = (tensor.range.lowerBound, tensor.range.count, tensor.shape[0])
    precondition(tensor.range.upperBound <= firstMoments.count, "\(tensor.name) in \(firstMoments.count) moments")
    unsafe direction.base.update(from: gradients.base + first, count: count)
    unsafe kernels_average(direction.base, firstMoments.base + first, Int64(count), Float(Self.momentum))
    try unsafe orthogonalizer.orthogonalize(direction.base, into: direction.base, rows: rows, columns: count / rows)
    let length = learningRate * Self.stepSize * Double(Self.columns(of: tensor)).squareRoot()
    unsafe kernels_add_scaled(weights.base + first, direction.base, Int64(count), Float(-length))
  }
}
