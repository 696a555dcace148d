import Foundation
import Model
import TestSupport
import Testing

/// The law that a run does not depend on the number of ranks, on the published network in f32.
extension RanksTests {
  @Test func fromTheSameWeightsOneStepIsTheSameOnOneToFourRanks() throws {
    let folder = try TemporaryFolder()
    // One rank trains, and its weights after 12 and 50 steps are where the others start too.
    let training = try MPIRun("StepChecks", ["run", "50", "12,50", "32", folder.path], ranks: 1, limit: .seconds(400))
      .run()
    #expect(training.succeeded, "\(training)")

    for trained in [0, 12, 50] {
      let weights = trained == 0 ? "initial" : "\(folder.path)/weights-\(trained).safetensors"
      for globalBatch in [2, 32, 33] {
        let one = try step(from: weights, globalBatch: globalBatch, ranks: 1, in: folder)
        for ranks in 2...4 {
          let several = try step(from: weights, globalBatch: globalBatch, ranks: ranks, in: folder)
          let place = "\(ranks) ranks, global batch \(globalBatch), weights after \(trained) steps"
          #expect(several.pairs == one.pairs, "\(place)")
          for head in 0..<2 {
            #expect(abs(several.loss[head] - one.loss[head]) <= 1e-6 * one.loss[head], "\(place)")
          }
          #expect(relativeDistance(several.gradient, one.gradient) <= 1e-4, "\(place)")
        }
      }
    }

    // Free-running trajectories drift apart by rounding, not by more: ReLU's kink amplifies it to percents.
    let four = try TemporaryFolder()
    let free = try MPIRun("StepChecks", ["run", "50", "50", "32", four.path], ranks: 4, limit: .seconds(400)).run()
    #expect(free.succeeded, "\(free)")
    let (a, b) = (try tailMean(folder), try tailMean(four))
    #expect(abs(a - b) <= 0.05 * a, "mean loss of steps 31 to 50: \(a) on 1 rank, \(b) on 4")
  }

  private struct Step {
    let loss: [Double]
    let pairs: [Double]
    let gradient: [Double]
  }

  private func step(from weights: String, globalBatch: Int, ranks: Int, in folder: TemporaryFolder) throws -> Step {
    let output = "\(folder.path)/step-\(ranks).safetensors"
    try? FileManager.default.removeItem(atPath: output)
    let outcome = try MPIRun(
      "StepChecks", ["gradient", weights, "\(globalBatch)", output], ranks: ranks, limit: .seconds(200)
    ).run()
    #expect(outcome.succeeded, "\(outcome)")
    let file = try SafeTensorsFile(contentsOf: output)
    let step = Step(
      loss: try #require(file["loss"]).doubles(), pairs: try #require(file["pairs"]).doubles(),
      gradient: try #require(file["gradient"]).doubles())
    try #require(step.gradient.count == 3_029_506 && step.gradient.allSatisfy(\.isFinite))
    try #require(step.loss.count == 2 && step.loss.allSatisfy { $0.isFinite && $0 > 0 })
    try #require(step.pairs.count == 2 * globalBatch)
    return step
  }

  private func relativeDistance(_ a: [Double], _ b: [Double]) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for (x, y) in zip(a, b) {
      difference += (x - y) * (x - y)
      norm += y * y
    }
    return (difference / norm).squareRoot()
  }

  /// Mean loss of steps 31 to 50.
  private func tailMean(_ folder: TemporaryFolder) throws -> Double {
    let losses = try #require(SafeTensorsFile(contentsOf: "\(folder.path)/losses.safetensors")["loss"]).doubles()
    try #require(losses.count == 50 && losses.allSatisfy(\.isFinite))
    return losses[30...].reduce(0, +) / 20
  }
}
