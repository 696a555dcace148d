/// Which of the right answers an oracle gives.
///
/// Any program of finite precision rounds, and a step has places where rounding decides: a ReLU at its kink, two equal
/// values under a pooling window. The distance between the exact answer and others that are as right says how far a
/// program may be off. All of them come from the oracle's own loops and know nothing of the fast engine.
package enum OracleVariation: Sendable {
  /// f64 throughout.
  case exact
  /// f64, but backward every value nearer than `margin` to a ReLU's kink counts as on the other side of it, and a pooling
  /// window whose maximum leads by less sends its gradient to the runner-up. Exact ties keep the rule of the first.
  case otherSide(margin: Double)
  /// Every sum and every stored tensor rounded as `OracleRounding` says.
  case rounded(Precision, draw: UInt64)

  /// The margin within which values change sides.
  var margin: Double {
    if case .otherSide(let margin) = self { margin } else { 0 }
  }
}
