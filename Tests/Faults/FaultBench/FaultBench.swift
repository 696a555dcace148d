import Foundation
import Glibc

/// Does real faults to real runs and holds what comes of them against what docs/reliability.md promises.
///
///     FaultBench [PART...] [--rounds N] [--kills N] [--seed S]
///
/// Parts: processes, kills, disks, disagreements, networks; all without any. Standard output is the table in Markdown; exit code 1
/// where a promise does not hold. Needs root: it mounts small disks and makes network namespaces, and removes them again.
@main
enum FaultBench {
  static func main() {
    do {
      let options = try BenchOptions(Array(CommandLine.arguments.dropFirst()))
      let bench = try Bench(seed: options.seed)
      bench.note("seed \(options.seed)")
      var rows: [FaultRow] = []
      var problems: [String] = []
      func part(_ name: String, _ body: () throws -> [FaultRow]) {
        guard options.includes(name) else { return }
        do {
          rows += try body()
        } catch {
          problems.append("\(name): \(error)")
        }
      }
      part("processes") { try bench.processes(rounds: options.rounds) }
      part("kills") { [try bench.kills(rounds: options.kills)] }
      part("disks") { try bench.disks() }
      part("disagreements") { try bench.disagreements() }
      part("networks") { try bench.networks() }
      print(FaultRow.heading)
      for row in rows { print(row.line) }
      problems += rows.flatMap(\.problems)
      for problem in problems { bench.note("PROBLEM: \(problem)") }
      print("\n\(rows.count - rows.count { !$0.problems.isEmpty }) of \(rows.count) faults as promised")
      exit(problems.isEmpty ? 0 : 1)
    } catch {
      try? FileHandle.standardError.write(contentsOf: Data("fault bench: \(error)\n".utf8))
      exit(1)
    }
  }
}

/// The bench's command line.
struct BenchOptions {
  static let parts = ["processes", "kills", "disks", "disagreements", "networks"]

  private var chosen: [String] = []
  /// Rounds of each storm of processes.
  var rounds = 10
  /// Rounds of kill -9.
  var kills = 100
  var seed: UInt64 = 1

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if Self.parts.contains(argument) {
        chosen.append(argument)
        continue
      }
      guard let value = rest.popFirst().flatMap({ UInt64($0) }) else {
        throw BenchError(description: "\(argument): no part and no option with a number; parts: \(Self.parts)")
      }
      switch argument {
      case "--rounds": rounds = Int(value)
      case "--kills": kills = Int(value)
      case "--seed": seed = value
      default: throw BenchError(description: "there is no option \(argument)")
      }
    }
  }

  func includes(_ part: String) -> Bool { chosen.isEmpty || chosen.contains(part) }
}
