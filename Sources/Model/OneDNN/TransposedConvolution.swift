internal import COneDNN

/// Keras's transposed convolution: dst[2i + k] += src[i] * weights[k], index 2n dropped.
///
/// Forward it is one product of matrices, every pixel of an image with the weights of all nine taps, and our own sum of
/// the taps that meet: oneDNN 2.6's forward deconvolution takes five to eight times as long. Image by image, so that
/// the products stay in the cache, and dst may be a channel slice. Backward oneDNN's deconvolution is as fast as its
/// convolutions.
@safe
final class TransposedConvolution: ConvolutionPasses {
  private let shape: ConvolutionShape
  private let src: Activation
  private let dst: ActivationView
  private let bias: UnsafeMutablePointer<Float>
  private let product: OneDNNPrimitive
  /// One image of src.
  private let srcImage: OneDNNMemory
  /// `[pixels, 9, outChannels]` of one image.
  private let taps: AlignedBuffer<Float>
  /// From the flat weights to `[in, 9, out]`, and from there to the layout of the product.
  private let packers: [OneDNNPrimitive]
  private let packed: [AlignedBuffer<UInt8>]
  /// Plans and runs the passes backward.
  private let backward: OneDNNConvolution?

  /// Plans the forward pass from `src` to `dst`. `weights` and `bias` are ranges of the flat f32 buffer.
  init(
    _ shape: ConvolutionShape, src: Activation, dst: ActivationView, weights: UnsafeMutablePointer<Float>,
    bias: UnsafeMutablePointer<Float>, mode: UNet.Mode, context: OneDNNContext
  ) throws {
    precondition(shape.isTransposed, "\(shape.description) is not transposed")
    shape.check(src: src)
    precondition(
      dst.channels == shape.outChannels, "dst of \(dst.channels) channels for a \(shape.description)")
    self.shape = shape
    self.src = src
    self.dst = dst
    unsafe self.bias = bias
    let subject = "\(shape.description) forward, \(src.precision.rawValue)"
    let type = src.precision.oneDNNType
    let (pixels, columns) = (shape.size * shape.size, 9 * shape.outChannels)

    var srcLayout = try memoryDescriptor([pixels, shape.inChannels], type, dnnl_ab)
    var weightsLayout = try memoryDescriptor([shape.inChannels, columns], type, dnnl_format_tag_any)
    var tapsLayout = try memoryDescriptor([pixels, columns], dnnl_f32, dnnl_ab)
    var operation = dnnl_matmul_desc_t()
    try check(
      unsafe dnnl_matmul_desc_init(&operation, &srcLayout, &weightsLayout, nil, &tapsLayout), "dnnl_matmul_desc_init",
      subject)
    let descriptor = try unsafe OneDNNPrimitiveDescriptor(&operation, subject: subject, context: context)
    srcImage = try unsafe OneDNNMemory(&srcLayout, at: nil, context: context)
    taps = AlignedBuffer(repeating: 0, count: pixels * columns)

    // The flat order is [in][out][3][3]; the sum of the taps wants the channels of a tap together.
    let dimensions = [shape.inChannels, 9, shape.outChannels]
    var flatLayout = try memoryDescriptor(dimensions, dnnl_f32, strides: [columns, 1, 9])
    var orderedLayout = try memoryDescriptor(dimensions, type, dnnl_abc)
    var matrixLayout = try memoryDescriptor([shape.inChannels, columns], type, dnnl_ab)
    let packedLayout = unsafe descriptor.layout(dnnl_query_weights_md)
    let orderedStorage = unsafe AlignedBuffer<UInt8>(
      repeating: 0, count: Int(dnnl_memory_desc_get_size(&orderedLayout)))
    let packedStorage = unsafe AlignedBuffer<UInt8>(
      repeating: 0, count: Int(dnnl_memory_desc_get_size(packedLayout)))
    let flat = try unsafe OneDNNMemory(&flatLayout, at: weights, context: context)
    let ordered = try unsafe OneDNNMemory(&orderedLayout, at: orderedStorage.base, context: context)
    let matrix = try unsafe OneDNNMemory(&matrixLayout, at: orderedStorage.base, context: context)
    let packedWeights = try unsafe OneDNNMemory(packedLayout, at: packedStorage.base, context: context)
    packers = try unsafe [
      OneDNNPrimitive(reorder: flat, &flatLayout, to: ordered, &orderedLayout, subject: subject, context: context),
      OneDNNPrimitive(
        reorder: matrix, &matrixLayout, to: packedWeights, packedLayout, subject: subject, context: context),
    ]
    packed = [orderedStorage, packedStorage]
    product = try unsafe OneDNNPrimitive(
      descriptor,
      arguments: [
        (DNNL_ARG_SRC, srcImage), (DNNL_ARG_WEIGHTS, packedWeights),
        (DNNL_ARG_DST, OneDNNMemory(&tapsLayout, at: taps.base, context: context)),
      ], context: context)
    backward =
      mode == .training
      ? try unsafe OneDNNConvolution(
        shape, precision: src.precision, weights: weights, mode: mode, context: context) : nil
  }

  func planBackward(src: Activation, diffDst: Activation, diffSrc: Activation?) throws {
    guard let backward else { preconditionFailure("\(shape.description) was planned for inference") }
    try backward.planBackward(src: src, diffDst: diffDst, diffSrc: diffSrc)
  }

  func packWeights() throws {
    for packer in packers { try packer.run() }
    try backward?.packWeights()
  }

  func forward() throws {
    let imageBytes = Activation.byteCount(src.precision, batch: 1, size: shape.size, channels: shape.inChannels)
    for image in 0..<shape.batch {
      try unsafe srcImage.point(at: src.base + image * imageBytes)
      try product.run()
      unsafe dst.addTaps(taps, bias: bias, image: image)
    }
  }

  func backwardData() throws {
    guard let backward else { preconditionFailure("\(shape.description) was planned for inference") }
    try backward.backwardData()
  }

  func backwardWeights(into gradient: UnsafeMutablePointer<Float>) throws {
    guard let backward else { preconditionFailure("\(shape.description) was planned for inference") }
    try unsafe backward.backwardWeights(into: gradient)
  }
}
