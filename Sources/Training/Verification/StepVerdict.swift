/// What a comparison of a measured step with its reference found.
package struct StepVerdict: Sendable, Codable, Equatable {
  /// The tensor that came nearest to its tolerance, or exceeded it most.
  package struct Worst: Sendable, Codable, Equatable {
    package let name: String
    /// |a - b|₂ / |b|₂; the largest absolute difference where the reference is all zeros; nil where nothing could be
    /// measured (missing, not finite, wrong shape).
    package let relativeError: Double?

    package enum CodingKeys: String, CodingKey {
      case name
      case relativeError = "relative_error"
    }
  }

  /// A tensor that is off, and why.
  package struct Failure: Sendable, Codable, Equatable {
    package let name: String
    package let problem: String
  }

  /// Whether every tensor is within its tolerance.
  package let passed: Bool
  /// How many tensors were compared.
  package let tensors: Int
  /// The largest ratio of error to tolerance.
  package let worst: Worst
  /// The tensors that are off, in the order of the comparison.
  package let failures: [Failure]
}
