internal import CMPI

/// A Swift type that MPI knows under a name of its own: `Float`, `Double`, `Int64`, `UInt8`.
package protocol MPIElement: BitwiseCopyable {
  /// What MPI calls it.
  static var messageType: MessageType { get }
}

/// Names an element type to MPI.
package enum MessageType: Sendable {
  case float32, float64, int64, uint8
}

extension Float: MPIElement {
  package static var messageType: MessageType { .float32 }
}

extension Double: MPIElement {
  package static var messageType: MessageType { .float64 }
}

extension Int64: MPIElement {
  package static var messageType: MessageType { .int64 }
}

extension UInt8: MPIElement {
  package static var messageType: MessageType { .uint8 }
}

/// How a reduction combines the values of the ranks.
package enum ReduceOperation: Sendable {
  /// Sum; integers wrap around.
  case sum
  /// Greatest value; what NaN gives is left open by MPI.
  case max
}

extension MessageType {
  var raw: CMPI_Type {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .uint8: .uint8
    }
  }
}

extension ReduceOperation {
  var raw: CMPI_Op {
    switch self {
    case .sum: .sum
    case .max: .max
    }
  }
}
