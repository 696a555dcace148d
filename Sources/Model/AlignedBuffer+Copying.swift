extension AlignedBuffer {
  /// A copy of the elements of `range`. Unlike `elements`, safe on a buffer that nothing else keeps alive.
  package func array(_ range: Range<Int>) -> [Element] {
    withExtendedLifetime(self) { unsafe Array(elements(range)) }
  }

  /// A copy of all elements; see `array(_:)`.
  package func array() -> [Element] { array(0..<count) }

  /// Overwrites the elements from `begin` on by `source`.
  package func copy(_ source: [Element], at begin: Int = 0) {
    withExtendedLifetime(self) {
      unsafe source.withUnsafeBytes {
        unsafe UnsafeMutableRawBufferPointer(elements(begin..<begin + source.count)).copyMemory(from: $0)
      }
    }
  }

  /// Overwrites the first elements by those of `source`, which has no more elements. Allocates nothing.
  package func copy(_ source: AlignedBuffer<Element>) {
    precondition(source.count <= count, "\(source.count) elements into a buffer of \(count)")
    withExtendedLifetime((self, source)) { unsafe base.update(from: source.base, count: source.count) }
  }
}
