/// 2x2 max pooling from the output of an encoder stage to the input of the next.
final class Pooling: NetworkPart {
  private let src: ActivationView
  private let dst: Activation
  private var diffDst: Activation?
  private var diffSkip: ActivationView?
  private var diffSrc: Activation?

  init(src: ActivationView, dst: Activation) { (self.src, self.dst) = (src, dst) }

  /// `diffSkip` is the gradient that src receives through the decoder's concatenated buffer.
  func planBackward(diffDst: Activation, diffSkip: ActivationView, diffSrc: Activation) {
    (self.diffDst, self.diffSkip, self.diffSrc) = (diffDst, diffSkip, diffSrc)
  }

  func forward() { src.maxPool(into: dst.view) }

  func backwardData() {
    guard let diffDst, let diffSkip, let diffSrc else {
      preconditionFailure("backward of a pooling that was planned for inference")
    }
    src.maxPoolBackward(diffDst: diffDst.view, diffSkip: diffSkip, into: diffSrc.view)
  }
}
