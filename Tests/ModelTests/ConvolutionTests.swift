import COneDNN
import Kernels
import TestSupport
import Testing

@testable import Model

/// The engines' passes against the plain f64 loops, over shapes of the network and around them.
struct ConvolutionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var batch: Int, inChannels: Int, outChannels: Int, size: Int, isTransposed: Bool, precision: Precision
    var isWinograd = false
    var shape: ConvolutionShape {
      ConvolutionShape(
        batch: batch, inChannels: inChannels, outChannels: outChannels, size: size, isTransposed: isTransposed)
    }
    var testDescription: String {
      "\(isTransposed ? "up" : "conv") \(batch)x\(inChannels)->\(outChannels)@\(size) \(precision.rawValue)"
        + (isWinograd ? " Winograd" : "")
    }
    static var all: [Case] {
      let shapes: [(Int, Int, Int, Int, Bool)] = [
        (1, 1, 16, 32, false), (3, 1, 64, 32, false), (2, 16, 32, 16, false), (3, 64, 64, 8, false),
        (1, 32, 16, 4, false), (2, 128, 64, 16, false), (1, 64, 32, 8, true), (3, 32, 16, 16, true),
        (2, 256, 128, 8, true),
      ]
      let cases = shapes.flatMap { shape in
        Precision.supported.map {
          Case(
            batch: shape.0, inChannels: shape.1, outChannels: shape.2, size: shape.3, isTransposed: shape.4,
            precision: $0)
        }
      }
      return cases
        + cases.filter { WinogradConvolution.fits($0.shape, $0.precision) }.map {
          var other = $0
          other.isWinograd = true
          return other
        }
    }
  }

  private static func planned(
    _ shape: ConvolutionShape, src: Activation, dst: Activation, flat: AlignedBuffer<Float>, bias: Int,
    _ context: OneDNNContext, _ scratch: WinogradScratch? = nil
  ) throws -> any ConvolutionPasses {
    if let scratch {
      return unsafe WinogradConvolution(
        shape, src: src, dst: dst, weights: flat.base, bias: flat.base + bias, mode: .training, scratch: scratch)
    }
    if shape.isTransposed {
      return try unsafe TransposedConvolution(
        shape, src: src, dst: dst.view, weights: flat.base, bias: flat.base + bias, mode: .training, context: context)
    }
    let convolution = try unsafe OneDNNConvolution(
      shape, precision: src.precision, weights: flat.base, mode: .training, context: context)
    try unsafe convolution.planForward(src: src, dst: dst, bias: flat.base + bias)
    return convolution
  }

  private static func plan(dstSize: Int, dstChannels: Int, isTransposed: Bool) throws {
    let shape = ConvolutionShape(batch: 2, inChannels: 4, outChannels: 16, size: 8, isTransposed: isTransposed)
    let flat = AlignedBuffer<Float>(repeating: 0, count: 9 * 4 * 16 + 16)
    _ = try planned(
      shape, src: Activation(.f32, batch: 2, size: 8, channels: 4),
      dst: Activation(.f32, batch: 2, size: dstSize, channels: dstChannels), flat: flat, bias: 9 * 4 * 16,
      OneDNNContext())
  }

  /// oneDNN gets addresses alone: it would write behind the end of what is too small.
  @Test func anActivationOfAnotherShapeStopsTheProgram() async throws {
    try Self.plan(dstSize: 8, dstChannels: 16, isTransposed: false)
    try Self.plan(dstSize: 16, dstChannels: 16, isTransposed: true)
    await #expect(processExitsWith: .failure) {
      try ConvolutionTests.plan(dstSize: 7, dstChannels: 16, isTransposed: false)
    }
    await #expect(processExitsWith: .failure) {
      try ConvolutionTests.plan(dstSize: 8, dstChannels: 15, isTransposed: false)
    }
    await #expect(processExitsWith: .failure) {
      try ConvolutionTests.plan(dstSize: 16, dstChannels: 15, isTransposed: true)
    }
  }

  @Test(arguments: Case.all) func passesMatchPlainLoops(_ c: Case) throws {
    let dstSize = c.isTransposed ? 2 * c.size : c.size
    var random = SplitMix(state: UInt64(c.inChannels * 1000 + c.outChannels + c.size))
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in c.precision.rounded(Float.random(in: -1...1, using: &random)) }
    }
    let src = values(c.batch * c.size * c.size * c.inChannels)
    let weights = values(9 * c.inChannels * c.outChannels)
    let bias = values(c.outChannels)
    let diffDst = values(c.batch * dstSize * dstSize * c.outChannels)

    // Engine.
    func activation(_ size: Int, _ channels: Int, _ values: [Float]? = nil) -> Activation {
      let result = Activation(c.precision, batch: c.batch, size: size, channels: channels)
      if let values { result.fill(values) }
      return result
    }
    let (a, b) = (activation(c.size, c.inChannels, src), activation(dstSize, c.outChannels))
    let (da, db) = (activation(c.size, c.inChannels), activation(dstSize, c.outChannels, diffDst))
    let flat = AlignedBuffer<Float>(repeating: 0, count: weights.count + bias.count)
    let gradient = AlignedBuffer<Float>(repeating: .nan, count: weights.count)
    for (i, w) in (weights + bias).enumerated() { unsafe flat.base[i] = w }
    let context = try OneDNNContext()
    let scratch = WinogradScratch()
    let convolution = try Self.planned(
      c.shape, src: a, dst: b, flat: flat, bias: weights.count, context, c.isWinograd ? scratch : nil)
    try convolution.planBackward(src: a, diffDst: db, diffSrc: da)
    try context.allocateScratchpad()
    scratch.allocate()
    try convolution.packWeights()
    try convolution.forward()
    try convolution.backwardData()
    try unsafe convolution.backwardWeights(into: gradient.base)

    // Oracle.
    var dst = [Double](repeating: 0, count: diffDst.count)
    var diffSrc = [Double](repeating: 0, count: src.count)
    var diffWeights = [Double](repeating: 0, count: weights.count)
    let (x, w) = (src.map(Double.init), weights.map(Double.init))
    let (d, k) = (diffDst.map(Double.init), bias.map(Double.init))
    let (n, s) = (Int64(c.batch), Int64(c.size))
    let (i, o) = (Int64(c.inChannels), Int64(c.outChannels))
    if c.isTransposed {
      unsafe kernels_oracle_transposed_convolution(x, w, k, &dst, n, s, s, i, o, false)
      unsafe kernels_oracle_transposed_convolution_backward(x, w, d, &diffSrc, &diffWeights, n, s, s, i, o, false)
    } else {
      unsafe kernels_oracle_convolution(x, w, k, &dst, n, s, s, i, o, false)
      unsafe kernels_oracle_convolution_backward(x, w, d, &diffSrc, &diffWeights, n, s, s, i, o, false)
    }

    // bf16 results are rounded once, to 8 bits, after f32 accumulation of exact products; weight gradients stay f32.
    let rounding = c.precision == .bf16 ? 0x1p-8 : 0
    #expect(relativeError(b.floats, dst) < rounding + 2e-6)
    #expect(relativeError(da.floats, diffSrc) < rounding + 2e-6)
    #expect(relativeError(gradient.array(), diffWeights) < 1e-5)
  }

  @Test func theNetworkTakesWinogradsAlgorithmWhereItFits() throws {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 16))
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    let plan = try NetworkPlan(
      layout: layout, values: values, precision: .f32, batch: 1, mode: .training, normalisations: [:])
    func isWinograd(from inChannels: Int, to outChannels: Int) throws -> Bool {
      let shape = ConvolutionShape(
        batch: 1, inChannels: inChannels, outChannels: outChannels, size: 8, isTransposed: false)
      let src = plan.activation(size: 8, channels: inChannels), dst = plan.activation(size: 8, channels: outChannels)
      return try unsafe plan.convolution(shape, src: src, dst: dst, weights: values.base, bias: values.base)
        is WinogradConvolution
    }
    #expect(try isWinograd(from: 16, to: 32))
    #expect(try !isWinograd(from: 1, to: 16))
    #expect(try !isWinograd(from: 16, to: 24))
  }

  @Test func aConfigurationKnowsWhetherAnyOfItsConvolutionsGoesThatWay() {
    #expect(UNetConfiguration().usesWinograd(.f32) && !UNetConfiguration().usesWinograd(.bf16))
    // 16 channels from the third stage on, of 8x8 pixels.
    #expect(UNetConfiguration(baseChannels: 4, blocks: 3).usesWinograd(.f32))
    #expect(!UNetConfiguration(baseChannels: 4, blocks: 2).usesWinograd(.f32))
    #expect(!UNetConfiguration(baseChannels: 12, blocks: 2).usesWinograd(.f32))
  }

  /// Weights that seldom change are taken to Winograd's points once; when they do change, the next packing counts.
  @Test func inferenceUsesTheWeightsThatWerePacked() throws {
    let shape = ConvolutionShape(batch: 1, inChannels: 16, outChannels: 16, size: 4, isTransposed: false)
    let (src, dst) = (
      Activation(.f32, batch: 1, size: 4, channels: 16), Activation(.f32, batch: 1, size: 4, channels: 16)
    )
    src.fill([Float](repeating: 1, count: 256))
    let flat = AlignedBuffer<Float>(repeating: 0, count: 9 * 256 + 16)
    let scratch = WinogradScratch()
    let convolution = unsafe WinogradConvolution(
      shape, src: src, dst: dst, weights: flat.base, bias: flat.base + 9 * 256, mode: .inference, scratch: scratch)
    // They lie with the layer.
    #expect(scratch.weightsCount == 0)
    scratch.allocate()
    // The middle taps of all pairs of channels: 16 times 1 for every element of dst.
    for pair in 0..<256 { unsafe flat.base[9 * pair + 4] = 1 }
    convolution.packWeights()
    for pair in 0..<256 { unsafe flat.base[9 * pair + 4] = 2 }
    convolution.forward()
    #expect(relativeError(dst.floats, [Double](repeating: 16, count: 256)) < 2e-6)
    convolution.packWeights()
    convolution.forward()
    #expect(relativeError(dst.floats, [Double](repeating: 32, count: 256)) < 2e-6)
  }

  @Test func referenceImplementationsAreRefused() throws {
    // A convolution that reads a channel slice of a wider buffer: oneDNN 2.6 has only its reference loops for it.
    let context = try OneDNNContext()
    let padding = [dnnl_dim_t](repeating: 0, count: Int(DNNL_MAX_NDIMS))
    var wide = try memoryDescriptor([1, 128, 16, 16], dnnl_f32, dnnl_nhwc)
    var slice = dnnl_memory_desc_t()
    let sizes: [dnnl_dim_t] = [1, 64, 16, 16] + padding.dropLast(4)
    try check(
      unsafe dnnl_memory_desc_init_submemory(&slice, &wide, sizes, padding), "dnnl_memory_desc_init_submemory",
      "a slice")
    var weights = try memoryDescriptor([64, 64, 3, 3], dnnl_f32, dnnl_format_tag_any)
    var dst = try memoryDescriptor([1, 64, 16, 16], dnnl_f32, dnnl_nhwc)
    let ones: [dnnl_dim_t] = [1, 1] + padding.dropLast(2)
    var operation = dnnl_convolution_desc_t()
    try check(
      unsafe dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &slice, &weights, nil, &dst, ones, ones, ones),
      "dnnl_convolution_forward_desc_init", "a slice")
    let error = #expect(throws: OneDNNError.self) {
      try unsafe OneDNNPrimitiveDescriptor(&operation, subject: "a slice", context: context)
    }
    #expect(error?.text.contains("ref") == true)
  }
}
