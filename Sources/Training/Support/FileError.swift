import Glibc

/// The system refused something about a file of a run (sysexits 74).
package struct FileError: Error, Equatable, CustomStringConvertible, Sendable {
  /// What was tried.
  package enum Operation: String, Sendable { case read, write, rename, remove, list, create, lock }

  package let path: String
  package let operation: Operation
  /// The system's number for the reason.
  package let code: Int32

  package init(path: String, operation: Operation, code: Int32) {
    (self.path, self.operation, self.code) = (path, operation, code)
  }

  /// Whether the same call may succeed in some seconds: a disk or server that fails now and then, or room that somebody makes.
  package var isTransient: Bool {
    [EIO, ESTALE, ENOSPC, EDQUOT, ETIMEDOUT, EAGAIN, EINTR, EBUSY, ENOLCK].contains(code)
  }

  package var description: String {
    let reason = unsafe String(cString: strerror(code))
    let advice =
      switch code {
      case ENOSPC, EDQUOT: "; make room or give another --output"
      case ELOOP: "; a run does not write through a symbolic link: remove it"
      default: ""
      }
    return "\(path): cannot \(operation.rawValue): \(reason)\(advice)"
  }
}
