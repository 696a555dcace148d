import Glibc

/// Throughput beside a peer program's, measured in turn: neighbours on the machine then slow both alike.
package struct PeerComparison: Sendable, Codable, Equatable {
  /// Throughput of one of the two programs, images per second.
  package struct Side: Sendable, Codable, Equatable {
    /// The median step of each run, in order.
    package var runs: [Double]
    /// Median of `runs`.
    package var imagesPerSecondMedian: Double
    /// Of the best step, or of the best run: see ``Bests``.
    package var imagesPerSecondBest: Double

    enum CodingKeys: String, CodingKey {
      case runs
      case imagesPerSecondMedian = "images_per_s_median"
      case imagesPerSecondBest = "images_per_s_best"
    }
  }

  /// What the bests are of.
  package enum Bests: String, Sendable, Codable {
    /// The fastest step of all runs.
    case steps
    /// The fastest run's median, because the peer does not print its fastest step.
    case runs
  }

  package var command: String
  package var peer: Side
  package var unmix: Side
  package var bests: Bests
  /// This program's median by the peer's.
  package var ratioOfMedians: Double
  /// This program's best by the peer's.
  package var ratioOfBests: Double
  /// Processes that wanted to run on rank 0's host in the minute before the comparison, and in its last one.
  package var loadAtStart: Double
  package var loadAtEnd: Double
  /// Facts of this program's last run.
  package var lastStep: StepBenchmark.Result

  enum CodingKeys: String, CodingKey {
    case command, peer, unmix, bests
    case ratioOfMedians = "ratio_of_medians"
    case ratioOfBests = "ratio_of_bests"
    case loadAtStart = "load_at_start"
    case loadAtEnd = "load_at_end"
    case lastStep = "last_step"
  }

  /// The comparison of runs in turn: as many of `peer` as of `unmix`, at least one.
  package init(
    command: String, peer: [PeerProgram.Rates], unmix: [StepBenchmark.Result], loadAtStart: Double, loadAtEnd: Double
  ) {
    precondition(
      peer.count == unmix.count && !unmix.isEmpty, "\(peer.count) runs of the peer and \(unmix.count) of our own")
    let peerBests = peer.compactMap(\.best)
    bests = peerBests.count == peer.count ? .steps : .runs
    let areOfSteps = bests == .steps
    self.peer = Self.side(peer.map(\.median), bests: areOfSteps ? peerBests : nil)
    self.unmix = Self.side(
      unmix.map(\.imagesPerSecondMedian), bests: areOfSteps ? unmix.map(\.imagesPerSecondMax) : nil)
    ratioOfMedians = self.unmix.imagesPerSecondMedian / self.peer.imagesPerSecondMedian
    ratioOfBests = self.unmix.imagesPerSecondBest / self.peer.imagesPerSecondBest
    (self.command, self.loadAtStart, self.loadAtEnd) = (command, loadAtStart, loadAtEnd)
    lastStep = unmix[unmix.count - 1]
  }

  private static func side(_ medians: [Double], bests: [Double]?) -> Side {
    Side(
      runs: medians, imagesPerSecondMedian: StepBenchmark.median(medians),
      imagesPerSecondBest: (bests ?? medians).max() ?? 0)
  }

  /// Processes that wanted to run on this host in the last minute; NaN where the system does not say. C function: `getloadavg`.
  package static var load: Double {
    var load = Double.nan
    guard unsafe getloadavg(&load, 1) == 1 else { return .nan }
    return load
  }

  /// One JSON object on one line.
  package func json() -> String { JSONText.encode(self) }
}
