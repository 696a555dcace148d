import Foundation
import TestSupport
import Testing

/// What a step of the published network may use, against `Benchmarks/budgets.json`: a change that sends, allocates or holds more
/// has to say so there.
struct BudgetTests {
  /// A budget: own allocations, messages and bytes of one step, and memory, of each rank.
  struct Budget: Decodable, Sendable, CustomTestStringConvertible {
    let ranks: Int
    let precision: String
    let globalBatch: Int
    let limits: [String: Int]
    var testDescription: String { "\(ranks) ranks, \(precision)" }
  }

  static let budgets: [Budget] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    do {
      return try JSONDecoder().decode(
        [Budget].self, from: Data(contentsOf: root.appendingPathComponent("Benchmarks/budgets.json")))
    } catch {
      preconditionFailure("Benchmarks/budgets.json: \(error)")
    }
  }()

  /// Budgets of precisions that this machine computes in.
  static var here: [Budget] { budgets.filter { Machine.precisions.contains($0.precision) } }

  /// Channels of the normalised layers of the published network in the order of its stages, three layers each.
  private static let channels = [64, 128, 256, 128, 64].flatMap { [$0, $0, $0] }
  private static let trained = 3_029_506

  /// Forward one message of (n, C sums, C sums of squares) in f64 for each normalised layer, backward one of 2 C; one closing
  /// message of four; the gradient in f32 to ranks of other nodes, a first bucket of 256 KiB and others of 1 MiB.
  private static func closedForms(ranks: Int) -> [String: Int] {
    [
      "own_allocations": 0,
      "statistics_messages": channels.count + channels.count + 1,
      "statistics_bytes": 8 * channels.reduce(0) { $0 + 1 + 2 * $1 + 2 * $1 } + 8 * 4,
      "gradient_messages": ranks == 1 ? 0 : 1 + (trained - (1 << 16) + (1 << 18) - 1) / (1 << 18),
      "gradient_bytes": ranks == 1 ? 0 : 4 * trained,
    ]
  }

  @Test
  func budgetsCoverOneAndTwoRanksInBothPrecisions() {
    #expect(
      Set(Self.budgets.map(\.testDescription)) == ["1 ranks, f32", "1 ranks, bf16", "2 ranks, f32", "2 ranks, bf16"])
    #expect(Self.budgets.count == 4)
  }

  @Test(arguments: here)
  func aStepStaysWithinItsBudget(_ budget: Budget) throws {
    let outcome = try MPIRun(
      "StepChecks", ["budget", budget.precision, "\(budget.globalBatch)"], ranks: budget.ranks, limit: .seconds(200)
    ).run()
    try #require(outcome.succeeded, "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(lines.count == budget.ranks, "\(outcome)")
    for (rank, line) in lines.enumerated() {
      let words = line.split(separator: " ")
      let used = Dictionary(
        uniqueKeysWithValues: try stride(from: 0, to: words.count - 1, by: 2).map {
          (String(words[$0]), try #require(Int(words[$0 + 1])))
        })
      for (name, expected) in Self.closedForms(ranks: budget.ranks) {
        #expect(used[name] == expected, "\(name) of rank \(rank)")
      }
      #expect(Set(used.keys) == Set(budget.limits.keys))
      for (name, limit) in budget.limits {
        let value = try #require(used[name])
        #expect(value <= limit, "\(name) of rank \(rank): over its budget in Benchmarks/budgets.json")
        #expect(2 * value >= limit, "\(name) of rank \(rank): less than half of its budget, which is stale")
      }
    }
  }
}
