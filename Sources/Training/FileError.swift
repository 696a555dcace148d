import Glibc

/// The system refused something about a file of a run (sysexits 74).
package struct FileError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What was tried.
  package enum Operation: String, Sendable { case read, write, rename, remove, list, create }

  package let path: String
  package let operation: Operation
  /// The system's number for the reason.
  package let code: Int32

  package init(path: String, operation: Operation, code: Int32) {
    (self.path, self.operation, self.code) = (path, operation, code)
  }

  package var description: String {
    let reason = unsafe String(cString: strerror(code))
    let advice = code == ENOSPC || code == EDQUOT ? "; make room or give another --output" : ""
    return "\(path): cannot \(operation.rawValue): \(reason)\(advice)"
  }
}
