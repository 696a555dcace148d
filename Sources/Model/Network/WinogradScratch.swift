internal import Kernels

/// Memory that the convolutions of a network use in turn: they run one after the other.
@safe
final class WinogradScratch {
  /// Floats of `weights`.
  private(set) var weightsCount = 0
  private var tilesCount = 0
  private var buffers: (weights: AlignedBuffer<Float>, tiles: AlignedBuffer<Float>)?

  /// Notes what a convolution will need; before `allocate()`. `weights`: it makes those at Winograd's points anew for each pass.
  func reserve(_ shape: ConvolutionShape, weights: Bool, backward: Bool) {
    if weights { weightsCount = max(weightsCount, shape.winogradWeightsCount) }
    let tiles = kernels_winograd_scratch_count(Int64(shape.inChannels), Int64(shape.outChannels), backward)
    tilesCount = max(tilesCount, Int(tiles))
  }

  /// Makes the memory once all convolutions are planned.
  func allocate() {
    buffers = (AlignedBuffer(repeating: 0, count: weightsCount), AlignedBuffer(repeating: 0, count: tilesCount))
  }

  /// For the weights at Winograd's points.
  var weights: UnsafeMutablePointer<Float> { unsafe allocated.weights.base }
  /// For tiles at Winograd's points, and a gradient's sums.
  var tiles: UnsafeMutablePointer<Float> { unsafe allocated.tiles.base }

  private var allocated: (weights: AlignedBuffer<Float>, tiles: AlignedBuffer<Float>) {
    guard let buffers else { preconditionFailure("a convolution runs before the scratch memory is made") }
    return buffers
  }
}
