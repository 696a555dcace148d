internal import Kernels

/// A dense NHWC activation [batch, size, size, channels] in one precision, owning or sharing its bytes.
@safe
struct Activation {
  let precision: Precision
  let batch: Int
  /// Rows and columns.
  let size: Int
  let channels: Int
  private let storage: AlignedBuffer<UInt8>

  /// An activation with bytes of its own, or over `storage` when several take turns in it.
  init(
    _ precision: Precision, batch: Int, size: Int, channels: Int, sharing storage: AlignedBuffer<UInt8>? = nil
  ) {
    self.precision = precision
    self.batch = batch
    self.size = size
    self.channels = channels
    let byteCount = Activation.byteCount(precision, batch: batch, size: size, channels: channels)
    if let storage {
      precondition(
        storage.count >= byteCount, "an activation of \(byteCount) bytes in a buffer of \(storage.count)")
    }
    self.storage = storage ?? AlignedBuffer(repeating: 0, count: byteCount)
  }

  static func byteCount(_ precision: Precision, batch: Int, size: Int, channels: Int) -> Int {
    batch * size * size * channels * precision.byteCount
  }

  var base: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(storage.base) }

  /// The whole activation, as the elementwise kernels see it.
  var view: ActivationView { slice(channels: 0..<channels) }

  /// Channels `range` of every pixel.
  func slice(channels range: Range<Int>) -> ActivationView {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= channels, "channels \(range) of an activation of \(channels)")
    let data = unsafe base + range.lowerBound * precision.byteCount
    return unsafe ActivationView(
      kernels_view(
        data: data, type: precision.kernelType, outer: Int64(batch), rows: Int64(size), columns: Int64(size),
        channels: Int64(range.count), channel_blocks: 1, outer_stride: Int64(size * size * channels),
        row_stride: Int64(size * channels), column_stride: Int64(channels)), owner: storage)
  }
}

/// An activation or a channel slice of one, described for the elementwise kernels; keeps the bytes alive.
@safe
struct ActivationView {
  let raw: kernels_view
  private let owner: AlignedBuffer<UInt8>

  init(_ raw: kernels_view, owner: AlignedBuffer<UInt8>) {
    unsafe self.raw = raw
    self.owner = owner
  }

  var channels: Int { unsafe Int(raw.channels) }
}

extension Precision {
  /// Bytes of one element of an activation.
  var byteCount: Int { self == .bf16 ? 2 : 4 }
  var kernelType: kernels_type { self == .bf16 ? kernels_bf16 : kernels_f32 }
}
