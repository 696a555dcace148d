internal import CHDF5
import Synchronization

/// What all calls of libhdf5 share: one at a time, one check of their status.
package enum HDF5 {
  /// Debian's libhdf5 knows threads, others need not.
  private static let turn = Mutex(())

  /// `body` alone in libhdf5, which prints nothing meanwhile.
  static func exclusively<R: Sendable>(_ body: () throws -> R) throws -> R {
    try turn.withLock { _ in
      try check(CHDF5_print_no_errors(), "set up libhdf5")
      return try body()
    }
  }

  /// The answer of a call, negative for a failure, in which `operation` names what was tried. Throws what libhdf5 says of it.
  @discardableResult
  static func check<Status: SignedInteger>(_ status: Status, _ operation: String) throws(HDF5Error) -> Status {
    guard status < 0 else { return status }
    var text = [CChar](repeating: 0, count: 200)
    unsafe text.withUnsafeMutableBufferPointer { unsafe CHDF5_last_error($0.baseAddress!, $0.count) }
    throw HDF5Error(operation: operation, reason: Self.text(text))
  }

  /// A C text of a file: up to its end, every control character as a blank, so that it fits on a line.
  static func text(_ characters: [CChar]) -> String {
    let bytes = characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes.map { $0 < 32 || $0 == 127 ? 32 : $0 }, as: UTF8.self)
  }

  /// The version that runs, and that of the headers which the program is compiled with. C functions: `H5get_libversion`.
  package static var versions: (running: String, built: String) {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    let known = unsafe H5get_libversion(&major, &minor, &release) >= 0
    return (
      known ? "\(major).\(minor).\(release)" : "unknown",
      "\(CHDF5_BUILT_MAJOR).\(CHDF5_BUILT_MINOR).\(CHDF5_BUILT_RELEASE)"
    )
  }
}

/// A call of libhdf5 that failed.
struct HDF5Error: Error, Equatable, CustomStringConvertible {
  /// What was tried.
  let operation: String
  /// libhdf5's own words.
  let reason: String

  var description: String { "cannot \(operation)" + (reason.isEmpty ? "" : ": \(reason)") }
}

/// The one owner of an identifier of libhdf5: file, group, data set, type, space or settings.
struct HDF5Handle: ~Copyable {
  let identifier: hid_t

  /// Takes what a call answered, in which `operation` names what was tried. Throws where it failed.
  init(_ identifier: hid_t, _ operation: String) throws(HDF5Error) {
    self.identifier = try HDF5.check(identifier, operation)
  }

  deinit { H5Idec_ref(identifier) }
}
