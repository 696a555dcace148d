/// Owner of a 64-byte aligned block of elements, freed once; or a view of another owner's memory, which it keeps alive.
///
/// A class, because the flat buffers are shared by the network, the optimiser, the reductions and the checkpoints.
@safe
public final class AlignedBuffer<Element: BitwiseCopyable> {
  /// Number of elements.
  public let count: Int
  /// First element; valid as long as the owner lives.
  package let base: UnsafeMutablePointer<Element>

  /// Whose memory this is; nil where it is the buffer's own.
  private let owner: AnyObject?

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
    owner = nil
  }

  /// `count` elements at `base`, which `owner` keeps valid and frees; they stay as they are.
  package init(_ base: UnsafeMutablePointer<Element>, count: Int, owner: AnyObject) {
    let address = UInt(bitPattern: base)
    precondition(count >= 0, "a buffer of \(count) elements")
    precondition(address % UInt(Self.alignment) == 0, "address \(address) is not a multiple of \(Self.alignment)")
    unsafe self.base = base
    self.count = count
    self.owner = owner
  }

  deinit { if owner == nil { unsafe base.deallocate() } }

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
