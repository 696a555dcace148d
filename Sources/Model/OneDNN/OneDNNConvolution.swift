internal import COneDNN

/// A 3x3 convolution ("same" padding), or the backward passes of its stride-2 transposed twin, over dense NHWC activations.
///
/// Both kinds are described alike; Keras's transposed convolution is oneDNN's deconvolution with nothing cut at the start
/// and one row and column cut at the end: dst[2i + k] += src[i] * weights[k].
@safe
final class OneDNNConvolution: ConvolutionPasses {
  private let shape: ConvolutionShape
  private let precision: Precision
  private let context: OneDNNContext
  private let forwardDescriptor: OneDNNPrimitiveDescriptor
  private var forwardPrimitive: OneDNNPrimitive?
  /// Layout of the flat buffers: OIHW, or IOHW for a transposed convolution. Both are [out, in, 3, 3] to oneDNN.
  private let flatDescriptor: dnnl_memory_desc_t
  private let flatWeights: OneDNNMemory
  private var packers: [OneDNNPrimitive] = []
  private var packed: [AlignedBuffer<UInt8>] = []

  private var backwardDataPrimitive: OneDNNPrimitive?
  private var backwardWeightsPrimitive: OneDNNPrimitive?
  private var gradientUnpacker: OneDNNPrimitive?
  private var flatGradient: OneDNNMemory?

  private var type: dnnl_data_type_t { precision.oneDNNType }

  /// Describes the convolution; its passes are planned one by one. `weights` is a range of the flat f32 buffer.
  init(
    _ shape: ConvolutionShape, precision: Precision, weights: UnsafeMutablePointer<Float>, mode: UNet.Mode,
    context: OneDNNContext
  ) throws {
    self.shape = shape
    self.precision = precision
    self.context = context
    let type = precision.oneDNNType
    flatDescriptor = try memoryDescriptor(
      [shape.outChannels, shape.inChannels, 3, 3], dnnl_f32, shape.isTransposed ? dnnl_iohw : dnnl_oihw)

    var srcLayout = try shape.srcDescriptor(type)
    var dstLayout = try shape.dstDescriptor(type)
    var weightsLayout = try shape.weightsDescriptor(type)
    var biasLayout = try memoryDescriptor([shape.outChannels], dnnl_f32, dnnl_x)
    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let subject = "\(shape.description) forward, \(precision.rawValue)"
    let (strides, start, end) = shape.geometry
    if shape.isTransposed {
      var operation = dnnl_deconvolution_desc_t()
      try check(
        unsafe dnnl_deconvolution_forward_desc_init(
          &operation, kind, dnnl_deconvolution_direct, &srcLayout, &weightsLayout, &biasLayout, &dstLayout, strides,
          start, end), "dnnl_deconvolution_forward_desc_init", subject)
      forwardDescriptor = try unsafe OneDNNPrimitiveDescriptor(&operation, subject: subject, context: context)
    } else {
      var operation = dnnl_convolution_desc_t()
      try check(
        unsafe dnnl_convolution_forward_desc_init(
          &operation, kind, dnnl_convolution_direct, &srcLayout, &weightsLayout, &biasLayout, &dstLayout, strides,
          start, end), "dnnl_convolution_forward_desc_init", subject)
      forwardDescriptor = try unsafe OneDNNPrimitiveDescriptor(&operation, subject: subject, context: context)
    }
    var flat = flatDescriptor
    flatWeights = try unsafe OneDNNMemory(&flat, at: weights, context: context)
  }

  /// Plans the forward pass from `src` to `dst`; `bias` is a range of the flat f32 buffer.
  func planForward(src: Activation, dst: Activation, bias: UnsafeMutablePointer<Float>) throws {
    shape.check(src: src)
    shape.check(dst: dst)
    var srcLayout = try shape.srcDescriptor(type)
    var dstLayout = try shape.dstDescriptor(type)
    var biasLayout = try memoryDescriptor([shape.outChannels], dnnl_f32, dnnl_x)
    let packedLayout = unsafe forwardDescriptor.layout(dnnl_query_weights_md)
    let buffer = unsafe AlignedBuffer<UInt8>(repeating: 0, count: Int(dnnl_memory_desc_get_size(packedLayout)))
    let packedWeights = try unsafe OneDNNMemory(packedLayout, at: buffer.base, context: context)
    forwardPrimitive = try unsafe OneDNNPrimitive(
      forwardDescriptor,
      arguments: [
        (DNNL_ARG_SRC, OneDNNMemory(&srcLayout, at: src.base, context: context)),
        (DNNL_ARG_WEIGHTS, packedWeights),
        (DNNL_ARG_BIAS, OneDNNMemory(&biasLayout, at: bias, context: context)),
        (DNNL_ARG_DST, OneDNNMemory(&dstLayout, at: dst.base, context: context)),
      ], context: context)
    try unsafe addPacker(
      to: packedWeights, layout: packedLayout, storage: buffer, subject: forwardDescriptor.subject)
  }

  /// Plans the backward passes. `diffSrc` is nil for the first layer, whose input needs no gradient.
  func planBackward(src: Activation, diffDst: Activation, diffSrc: Activation?) throws {
    shape.check(src: src)
    shape.check(dst: diffDst)
    if let diffSrc { shape.check(src: diffSrc) }
    var srcLayout = try shape.srcDescriptor(type)
    var dstLayout = try shape.dstDescriptor(type)
    let (strides, start, end) = shape.geometry

    if let diffSrc {
      let subject = "\(shape.description) backward data, \(precision.rawValue)"
      var weightsLayout = try shape.weightsDescriptor(type)
      let descriptor: OneDNNPrimitiveDescriptor
      if shape.isTransposed {
        var operation = dnnl_deconvolution_desc_t()
        try check(
          unsafe dnnl_deconvolution_backward_data_desc_init(
            &operation, dnnl_deconvolution_direct, &srcLayout, &weightsLayout, &dstLayout, strides, start, end),
          "dnnl_deconvolution_backward_data_desc_init", subject)
        descriptor = try unsafe OneDNNPrimitiveDescriptor(
          &operation, forwardHint: forwardDescriptor, subject: subject, context: context)
      } else {
        var operation = dnnl_convolution_desc_t()
        try check(
          unsafe dnnl_convolution_backward_data_desc_init(
            &operation, dnnl_convolution_direct, &srcLayout, &weightsLayout, &dstLayout, strides, start, end),
          "dnnl_convolution_backward_data_desc_init", subject)
        descriptor = try unsafe OneDNNPrimitiveDescriptor(
          &operation, forwardHint: forwardDescriptor, subject: subject, context: context)
      }
      let packedLayout = unsafe descriptor.layout(dnnl_query_weights_md)
      let buffer = unsafe AlignedBuffer<UInt8>(repeating: 0, count: Int(dnnl_memory_desc_get_size(packedLayout)))
      let packedWeights = try unsafe OneDNNMemory(packedLayout, at: buffer.base, context: context)
      backwardDataPrimitive = try unsafe OneDNNPrimitive(
        descriptor,
        arguments: [
          (DNNL_ARG_DIFF_DST, OneDNNMemory(&dstLayout, at: diffDst.base, context: context)),
          (DNNL_ARG_WEIGHTS, packedWeights),
          (DNNL_ARG_DIFF_SRC, OneDNNMemory(&srcLayout, at: diffSrc.base, context: context)),
        ], context: context)
      try unsafe addPacker(to: packedWeights, layout: packedLayout, storage: buffer, subject: subject)
    }

    try unsafe planBackwardWeights(
      src: OneDNNMemory(&srcLayout, at: src.base, context: context), srcLayout: &srcLayout,
      diffDst: OneDNNMemory(&dstLayout, at: diffDst.base, context: context), dstLayout: &dstLayout)
  }

  private func planBackwardWeights(
    src: OneDNNMemory, srcLayout: UnsafePointer<dnnl_memory_desc_t>, diffDst: OneDNNMemory,
    dstLayout: UnsafePointer<dnnl_memory_desc_t>
  ) throws {
    let subject = "\(shape.description) backward weights"
    let (strides, start, end) = shape.geometry
    var diffWeightsLayout = try shape.weightsDescriptor(dnnl_f32)
    let descriptor: OneDNNPrimitiveDescriptor
    if shape.isTransposed {
      var operation = dnnl_deconvolution_desc_t()
      try check(
        unsafe dnnl_deconvolution_backward_weights_desc_init(
          &operation, dnnl_deconvolution_direct, srcLayout, &diffWeightsLayout, nil, dstLayout, strides, start, end),
        "dnnl_deconvolution_backward_weights_desc_init", subject)
      descriptor = try unsafe OneDNNPrimitiveDescriptor(
        &operation, forwardHint: forwardDescriptor, subject: subject, context: context)
    } else {
      var operation = dnnl_convolution_desc_t()
      try check(
        unsafe dnnl_convolution_backward_weights_desc_init(
          &operation, dnnl_convolution_direct, srcLayout, &diffWeightsLayout, nil, dstLayout, strides, start, end),
        "dnnl_convolution_backward_weights_desc_init", subject)
      descriptor = try unsafe OneDNNPrimitiveDescriptor(
        &operation, forwardHint: forwardDescriptor, subject: subject, context: context)
    }
    let packedLayout = unsafe descriptor.layout(dnnl_query_diff_weights_md)
    let buffer = unsafe AlignedBuffer<UInt8>(repeating: 0, count: Int(dnnl_memory_desc_get_size(packedLayout)))
    packed.append(buffer)
    let diffWeights = try unsafe OneDNNMemory(packedLayout, at: buffer.base, context: context)
    backwardWeightsPrimitive = try OneDNNPrimitive(
      descriptor,
      arguments: [(DNNL_ARG_SRC, src), (DNNL_ARG_DIFF_DST, diffDst), (DNNL_ARG_DIFF_WEIGHTS, diffWeights)],
      context: context)

    var flat = flatDescriptor
    let gradient = try unsafe OneDNNMemory(&flat, at: nil, context: context)
    gradientUnpacker = try unsafe OneDNNPrimitive(
      reorder: diffWeights, packedLayout, to: gradient, &flat, subject: subject, context: context)
    flatGradient = gradient
  }

  private func addPacker(
    to weights: OneDNNMemory, layout: UnsafePointer<dnnl_memory_desc_t>, storage: AlignedBuffer<UInt8>,
    subject: String
  ) throws {
    var flat = flatDescriptor
    packers.append(
      try unsafe OneDNNPrimitive(
        reorder: flatWeights, &flat, to: weights, layout, subject: subject, context: context))
    packed.append(storage)
  }

  func packWeights() throws {
    for packer in packers { try packer.run() }
  }

  func forward() throws {
    guard let forwardPrimitive else { preconditionFailure("\(shape.description): no forward pass was planned") }
    try forwardPrimitive.run()
  }

  func backwardData() throws {
    guard let backwardDataPrimitive else { preconditionFailure("\(shape.description): no backward data was planned") }
    try backwardDataPrimitive.run()
  }

  func backwardWeights(into gradient: UnsafeMutablePointer<Float>) throws {
    guard let backwardWeightsPrimitive, let gradientUnpacker, let flatGradient else {
      preconditionFailure("\(shape.description): no backward weights was planned")
    }
    try unsafe flatGradient.point(at: gradient)
    try backwardWeightsPrimitive.run()
    try gradientUnpacker.run()
  }
}

extension ConvolutionShape {
  fileprivate func srcDescriptor(_ type: dnnl_data_type_t) throws -> dnnl_memory_desc_t {
    try memoryDescriptor([batch, inChannels, size, size], type, dnnl_nhwc)
  }
  fileprivate func dstDescriptor(_ type: dnnl_data_type_t) throws -> dnnl_memory_desc_t {
    try memoryDescriptor([batch, outChannels, dstSize, dstSize], type, dnnl_nhwc)
  }
  /// oneDNN chooses the order of the weights.
  fileprivate func weightsDescriptor(_ type: dnnl_data_type_t) throws -> dnnl_memory_desc_t {
    try memoryDescriptor([outChannels, inChannels, 3, 3], type, dnnl_format_tag_any)
  }
  /// Strides and padding at the start and the end of rows and columns, as oneDNN's twelve-element arrays.
  fileprivate var geometry: (strides: [dnnl_dim_t], start: [dnnl_dim_t], end: [dnnl_dim_t]) {
    func pair(_ value: dnnl_dim_t) -> [dnnl_dim_t] {
      [value, value] + [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS) - 2)
    }
    return isTransposed ? (pair(2), pair(0), pair(1)) : (pair(1), pair(1), pair(1))
  }
}
