import Foundation

/// What a run records of its epochs.
package enum Metrics {
  /// Every line of the metrics.csv in `folder`, the names first, without its last columns, which are the clock's.
  package static func rows(ofRun folder: String) throws -> [[Substring]] {
    try String(contentsOfFile: folder + "/metrics.csv", encoding: .utf8).split(separator: "\n")
      .map { Array($0.split(separator: ",").prefix(9)) }
  }
}
