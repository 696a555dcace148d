import Foundation
import TestSupport
import Model

@testable import Training

/// The references that tests stand on: the committed one, and the published network's where `UNMIX_REFERENCE` names it.
enum ReferenceFiles {
  static let fixture = Fixtures.tinyStep

  static let all =
    [fixture] + [ProcessInfo.processInfo.environment["UNMIX_REFERENCE"]].compactMap { $0 }.filter { !$0.isEmpty }
}

extension ReferenceStep {
  /// What a perfect engine would measure.
  var measured: [String: [Float]] { tensors.mapValues { $0.values.map { Float($0) } } }
}
