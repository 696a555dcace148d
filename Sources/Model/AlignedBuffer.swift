/// Owner of a 64-byte aligned block of elements, zeroed at first and freed once.
///
/// A class, because the flat buffers are shared by the network, the optimiser, the reductions and the checkpoints.
@safe
public final class AlignedBuffer<Element: BitwiseCopyable> {
  /// Number of elements.
  public let count: Int
  /// First element; valid as long as the owner lives.
  package let base: UnsafeMutablePointer<Element>

  /// Alignment of the first element in bytes: a cache line, and one AVX-512 register.
  package static var alignment: Int { 64 }

  /// `count` elements, all set to `value`.
  public init(repeating value: Element, count: Int) {
    precondition(count >= 0, "a buffer of \(count) elements")
    let byteCount = max(count, 1) * MemoryLayout<Element>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: Self.alignment)
    unsafe base = raw.bindMemory(to: Element.self, capacity: count)
    unsafe base.initialize(repeating: value, count: count)
    self.count = count
  }

  deinit { unsafe base.deallocate() }

  /// All elements.
  package var elements: UnsafeMutableBufferPointer<Element> {
    unsafe UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// The elements of `range`.
  package func elements(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements \(range) of a buffer of \(count)")
    return unsafe UnsafeMutableBufferPointer(start: base + range.lowerBound, count: range.count)
  }
}
