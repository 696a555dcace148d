internal import COneDNN

/// A oneDNN call that failed, or an implementation that must not be used.
public struct OneDNNError: Error, CustomStringConvertible, Sendable {
  /// The raw `dnnl_status_t`; 0 where oneDNN succeeded but offered only a reference implementation.
  public let status: UInt32
  /// The C function.
  public let function: String
  /// oneDNN's own text for the status, or what is wrong with the implementation.
  public let text: String
  /// What was being planned or run, with its shape.
  public let subject: String

  /// One line: the C function, what it was for, and the text of its status.
  public var description: String { "oneDNN: \(function) failed for \(subject): \(text)" }

  init(status: UInt32, function: String, text: String, subject: String) {
    self.status = status
    self.function = function
    self.text = text
    self.subject = subject
  }
}

/// Throws unless `status` is `dnnl_success`. Every oneDNN status of the program goes through here.
func check(_ status: dnnl_status_t, _ function: String, _ subject: @autoclosure () -> String) throws {
  guard status != dnnl_success else { return }
  let text = unsafe String(cString: dnnl_status2str(status))
  throw OneDNNError(status: status.rawValue, function: function, text: text, subject: subject())
}
