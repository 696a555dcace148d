internal import CMPI
internal import Glibc

/// The machine under this process.
enum Host {
  /// Its name (gethostname).
  static var name: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer -> String in
      unsafe buffer.initialize(repeating: 0)
      guard let start = buffer.baseAddress, unsafe gethostname(start, 255) == 0 else { return "unknown host" }
      return unsafe String(cString: start)
    }
  }
}

/// The cores that the scheduler may put this thread on.
enum Affinity {
  /// Their numbers, ascending; never empty.
  static var cores: [Int] {
    // The kernel refuses a mask that is shorter than its own, whose length only trying finds.
    var words = 16
    while words <= 1 << 14 {
      var mask = [UInt](repeating: 0, count: words)
      let byteCount = unsafe CMPI_affinity(words * MemoryLayout<UInt>.size, &mask)
      if byteCount > 0 { return cores(ofMask: mask) }
      words *= 2
    }
    return [0]
  }

  /// The numbers of the bits set in `mask`.
  static func cores(ofMask mask: [UInt]) -> [Int] {
    mask.enumerated().flatMap { index, word in
      (0..<UInt.bitWidth).filter { word >> $0 & 1 == 1 }.map { index * UInt.bitWidth + $0 }
    }
  }
}
