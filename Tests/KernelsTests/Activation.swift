import Kernels
import Testing

/// Where the elements of an activation lie: NHWC (`blocks` = 1) or blocked, inside a halo, as a slice of wider pixels.
struct Layout: CustomTestStringConvertible, Sendable {
  var images = 1
  var rows = 2
  var columns = 2
  /// All channels; a multiple of `blocks`.
  var channels = 1
  var blocks = 1
  /// Pixels around each plane.
  var halo = 0
  /// Channels of the wider buffer on either side of this slice.
  var before = 0
  var after = 0

  var channelsPerBlock: Int { channels / blocks }
  var columnStride: Int { before + channelsPerBlock + after }
  var rowStride: Int { (columns + 2 * halo) * columnStride }
  var outerStride: Int { (rows + 2 * halo) * rowStride }
  var pixels: Int { images * rows * columns }
  var count: Int { pixels * channels }

  func offset(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Int {
    let plane = image * blocks + channel / channelsPerBlock
    return plane * outerStride + (row + halo) * rowStride + (column + halo) * columnStride + before
      + channel % channelsPerBlock
  }

  /// Half the rows and columns, as a pooling makes of it, in a plain buffer.
  var halved: Layout {
    Layout(images: images, rows: rows / 2, columns: columns / 2, channels: channels, blocks: blocks, after: 3)
  }

  /// The same shape in a buffer of its own.
  var tight: Layout {
    Layout(images: images, rows: rows, columns: columns, channels: channels, blocks: blocks)
  }

  /// The same shape with other strides.
  var relaid: Layout {
    var other = self
    (other.halo, other.before, other.after) = (1 - min(halo, 1), after, before + 2)
    return other
  }

  var testDescription: String {
    "\(images)x\(rows)x\(columns)x\(channels), \(blocks) blocks, halo \(halo), slice +\(before) +\(after)"
  }
}

extension Layout {
  /// Tails and corners.
  static let all: [Layout] = poolable + odd

  /// Even rows and columns.
  static let poolable: [Layout] = corners + random

  /// Every number of pixels left over from groups of eight, in joined rows and in rows of their own.
  private static let odd: [Layout] = (1...17).flatMap {
    [
      Layout(images: 2, rows: 3, columns: $0, channels: 18),
      Layout(images: 2, rows: 3, columns: $0, channels: 5, halo: 1),
    ]
  }

  private static let corners = [
    Layout(),
    Layout(images: 0, rows: 4, columns: 4, channels: 5),
    Layout(images: 0, rows: 4, columns: 4, channels: 32, blocks: 2, halo: 1),
    Layout(images: 3, rows: 32, columns: 32, channels: 64),
    Layout(images: 2, rows: 32, columns: 32, channels: 64, after: 64),
    Layout(images: 2, rows: 32, columns: 32, channels: 64, before: 64),
    Layout(images: 2, rows: 16, columns: 16, channels: 128, blocks: 4, halo: 1),
    Layout(images: 5, rows: 8, columns: 8, channels: 64, blocks: 2, halo: 1),
    Layout(images: 1, rows: 2, columns: 300, channels: 3),
    Layout(images: 1, rows: 300, columns: 2, channels: 3, halo: 1),
    Layout(images: 1, rows: 34, columns: 30, channels: 130, before: 1, after: 2),
  ]

  private static let random: [Layout] = {
    var numbers = Numbers(seed: 1)
    var layouts = (1...130).map { Layout(images: 1, rows: 2, columns: 6, channels: $0) }
    layouts += (1...16).map { Layout(images: 3, rows: 4, columns: 2 * $0, channels: 7, halo: $0 % 2) }
    for _ in 0..<40 {
      let blocks = numbers.integer(1...3)
      layouts.append(
        Layout(
          images: numbers.integer(0...5), rows: 2 * numbers.integer(1...9), columns: 2 * numbers.integer(1...16),
          channels: blocks * numbers.integer(1...40), blocks: blocks, halo: numbers.integer(0...2),
          before: numbers.integer(0...3), after: numbers.integer(0...20)))
    }
    return layouts
  }()
}

let elementTypes = [kernels_f32, kernels_bf16]

/// An activation in memory of its own. Elements outside the described slice hold a mark that no kernel may overwrite; those inside
/// are NaN until they are written.
@safe final class Activation {
  let layout: Layout
  let type: kernels_type
  private let base: UnsafeMutableRawPointer
  private let elementCount: Int
  private static let mark: UInt8 = 0xA5

  private var elementSize: Int { type == kernels_bf16 ? 2 : 4 }

  /// NaN everywhere: a kernel must write every element.
  init(_ layout: Layout, _ type: kernels_type) {
    (self.layout, self.type) = (layout, type)
    elementCount = layout.images * layout.blocks * layout.outerStride
    let byteCount = elementCount * (type == kernels_bf16 ? 2 : 4)
    unsafe base = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    unsafe base.initializeMemory(as: UInt8.self, repeating: Self.mark, count: byteCount)
    forget()
  }

  /// Uniform in [-1, 1), rounded to the type.
  convenience init(_ layout: Layout, _ type: kernels_type, random numbers: inout Numbers) {
    self.init(layout, type)
    fill { _, _, _, _ in numbers.uniform() }
  }

  deinit { unsafe base.deallocate() }

  var view: kernels_view {
    unsafe kernels_view(
      data: base + layout.offset(0, 0, 0, 0) * elementSize, type: type, outer: Int64(layout.images * layout.blocks),
      rows: Int64(layout.rows), columns: Int64(layout.columns), channels: Int64(layout.channelsPerBlock),
      channel_blocks: Int64(layout.blocks), outer_stride: Int64(layout.outerStride),
      row_stride: Int64(layout.rowStride), column_stride: Int64(layout.columnStride))
  }

  subscript(image: Int, row: Int, column: Int, channel: Int) -> Float {
    get {
      let offset = layout.offset(image, row, column, channel)
      guard type == kernels_bf16 else { return unsafe base.load(fromByteOffset: offset * 4, as: Float.self) }
      return float(bf16: unsafe base.load(fromByteOffset: offset * 2, as: UInt16.self))
    }
    set {
      let offset = layout.offset(image, row, column, channel)
      if type == kernels_bf16 {
        unsafe base.storeBytes(of: bf16(newValue), toByteOffset: offset * 2, as: UInt16.self)
      } else {
        unsafe base.storeBytes(of: newValue, toByteOffset: offset * 4, as: Float.self)
      }
    }
  }

  /// Makes every element NaN again, and nothing around them: what one call wrote must not stand for what the next one leaves out.
  func forget() {
    let run = layout.channelsPerBlock
    for image in 0..<layout.images {
      for row in 0..<layout.rows {
        for column in 0..<layout.columns {
          for block in 0..<layout.blocks {
            let first = layout.offset(image, row, column, block * run)
            // All bits set are NaN in f32 and in bf16.
            unsafe (base + first * elementSize).initializeMemory(
              as: UInt8.self, repeating: 0xFF, count: run * elementSize)
          }
        }
      }
    }
  }

  /// Calls `body` for every element, in the order images, rows, columns, channels.
  func forEach(_ body: (_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Void) {
    for image in 0..<layout.images {
      for row in 0..<layout.rows {
        for column in 0..<layout.columns {
          for channel in 0..<layout.channels { body(image, row, column, channel) }
        }
      }
    }
  }

  func fill(_ value: (_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Float) {
    forEach { self[$0, $1, $2, $3] = value($0, $1, $2, $3) }
  }

  /// In the order images, rows, columns, channels, whatever the layout.
  var values: [Double] {
    get {
      var result: [Double] = []
      result.reserveCapacity(layout.count)
      forEach { result.append(Double(self[$0, $1, $2, $3])) }
      return result
    }
    set {
      var index = 0
      forEach {
        self[$0, $1, $2, $3] = Float(newValue[index])
        index += 1
      }
    }
  }

  /// Whether every element outside the slice still holds the mark.
  var surroundingsAreUntouched: Bool {
    var inside = [Bool](repeating: false, count: elementCount)
    forEach { inside[layout.offset($0, $1, $2, $3)] = true }
    return (0..<elementCount).allSatisfy { index in
      inside[index]
        || (0..<elementSize).allSatisfy {
          unsafe base.load(fromByteOffset: index * elementSize + $0, as: UInt8.self) == Self.mark
        }
    }
  }
}
