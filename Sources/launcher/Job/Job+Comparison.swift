import Foundation
import Training

extension Job {
  /// Runs the peer `command` and `own` in turn, `alternations` times each; the comparison on rank 0, nil elsewhere.
  ///
  /// Collective; throws ``JobFailure`` where the peer fails or prints no throughput.
  func comparison(
    with command: String, alternations: Int, own: () throws -> StepBenchmark.Result
  ) throws -> PeerComparison? {
    let peer = PeerProgram(command: command)
    let loadAtStart = PeerComparison.load
    var (peers, owns): ([PeerProgram.Rates], [StepBenchmark.Result]) = ([], [])
    for alternation in 1...alternations {
      if let rates = try onRootAlone({ try peer.run(environment: ProcessInfo.processInfo.environment) }) {
        peers.append(rates)
      }
      owns.append(try own())
      if let rates = peers.last, isRoot {
        Output.note(
          "alternation \(alternation)/\(alternations): peer \(Float(rates.median)), launcher "
            + "\(Float(owns[alternation - 1].imagesPerSecondMedian)) images/s")
      }
    }
    guard isRoot else { return nil }
    return PeerComparison(
      command: command, peer: peers, unmix: owns, loadAtStart: loadAtStart, loadAtEnd: PeerComparison.load)
  }
}
