internal import CMPI

/// An MPI function that did not return success. A matter of the system, not of this program's arguments.
package struct MPIError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The status that the function returned; its meaning differs between MPI libraries.
  package let code: Int
  /// MPI's portable class of `code`.
  package let errorClass: Int
  /// The library's text for `code`, on one line.
  package let text: String
  /// The C function.
  package let function: String

  package init(code: Int, errorClass: Int, text: String, function: String) {
    self.code = code
    self.errorClass = errorClass
    self.text = oneLine(text)
    self.function = function
  }

  package var description: String { "\(function) failed: \(text) (MPI error class \(errorClass), code \(code))" }
}

extension MPIError {
  /// The error of `status`, with the library's own class and text (MPI_Error_class, MPI_Error_string).
  init(status: Int32, function: String) {
    var errorClass = status
    if unsafe CMPI_error_class(status, &errorClass) != MPI_SUCCESS { errorClass = status }
    let text = unsafe libraryText { unsafe CMPI_error_string(status, $0, $1) }
    self.init(code: Int(status), errorClass: Int(errorClass), text: text ?? "unknown error", function: function)
  }
}

/// Throws what `status` says went wrong in `function`. Every status of MPI passes through here.
func check(_ status: Int32, _ function: StaticString) throws {
  guard status == MPI_SUCCESS else { throw MPIError(status: status, function: "\(function)") }
}

/// The text that `write` leaves in a buffer of the size MPI asks for; nil where it fails.
func libraryText(_ write: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32) -> String? {
  let capacity = Int(CMPI_maxText)
  return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer -> String? in
    var length: Int32 = 0
    unsafe buffer.initialize(repeating: 0)
    guard let start = buffer.baseAddress, unsafe write(start, &length) == MPI_SUCCESS else { return nil }
    let used = unsafe buffer.prefix(min(max(Int(length), 0), capacity)).prefix { $0 != 0 }
    return unsafe String(decoding: used.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// `text` without line breaks and repeated blanks, so that an error stays one line of a log.
package func oneLine(_ text: String) -> String {
  text.split(whereSeparator: \.isNewline)
    .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
    .filter { !$0.isEmpty }
    .joined(separator: "; ")
}
