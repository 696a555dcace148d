/// One link of the chain from the mixed pictures to the heads, for the pictures of one slice of the global batch.
///
/// A training pass drives the networks of several slices in lockstep, part by part: where a normalisation needs sums over all
/// pictures, the slices' own sums are added between the halves of its pass. Every call is local and allocates nothing.
protocol NetworkPart: AnyObject {
  /// Its parameters in the flat buffers: `measureBackward` and `backward` write their gradients. nil for a part without any.
  var range: Range<Int>? { get }
  /// What it needs to know of all pictures, one object for all slices; nil for a part that treats each by itself.
  var normalisation: Normalisation? { get }
  /// This slice's sums for `normalisation`, as `measure` and `measureBackward` leave them; nil without one.
  var sums: AlignedBuffer<Double>? { get }

  /// Copies the flat weights into the forms that the passes read.
  func packWeights() throws
  /// Forward, up to where `normalisation` is read.
  func forward() throws
  /// Training: this slice's `sums` of the forward pass.
  func measure()
  /// Forward from where `normalisation` is read.
  func finishForward()
  /// This slice's `sums` of the backward pass, and the gradients that follow from them alone.
  func measureBackward(into gradients: AlignedBuffer<Float>)
  /// This slice's gradients of the parameters.
  func backward(into gradients: AlignedBuffer<Float>) throws
  /// The gradient of what the part read.
  func backwardData() throws
}

extension NetworkPart {
  var range: Range<Int>? { nil }
  var normalisation: Normalisation? { nil }
  var sums: AlignedBuffer<Double>? { nil }
  func packWeights() throws {}
  func measure() {}
  func finishForward() {}
  func measureBackward(into gradients: AlignedBuffer<Float>) {}
  func backward(into gradients: AlignedBuffer<Float>) throws {}
  func backwardData() throws {}
}
