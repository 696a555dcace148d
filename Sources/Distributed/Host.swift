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

  /// Lets the scheduler put this thread, and programs that it starts, on `cores` alone. Throws ``LaunchError``.
  static func set(_ cores: [Int]) throws {
    let mask = mask(ofCores: cores)
    guard unsafe CMPI_set_affinity(mask.count * MemoryLayout<UInt>.size, mask) == 0 else {
      throw LaunchError.affinityRefused(cores: cores, reason: unsafe String(cString: strerror(errno)))
    }
  }

  /// The mask with the bits of `cores` set: the inverse of ``cores(ofMask:)``.
  static func mask(ofCores cores: [Int]) -> [UInt] {
    var mask = [UInt](repeating: 0, count: (cores.max() ?? 0) / UInt.bitWidth + 1)
    for core in cores { mask[core / UInt.bitWidth] |= 1 << (core % UInt.bitWidth) }
    return mask
  }

  /// The numbers of the bits set in `mask`.
  static func cores(ofMask mask: [UInt]) -> [Int] {
    mask.enumerated().flatMap { index, word in
      (0..<UInt.bitWidth).filter { word >> $0 & 1 == 1 }.map { index * UInt.bitWidth + $0 }
    }
  }
}
