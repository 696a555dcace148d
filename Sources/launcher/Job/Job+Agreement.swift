import Distributed
import Foundation

/// A failure that every rank knows of and rank 0 has printed: the job ends in an orderly way with `status`.
struct JobFailure: Error, Codable {
  let status: ExitStatus
}

extension Job {
  /// Rank 0's value of `body`, on every rank; where rank 0 fails, every rank throws ``JobFailure``. Collective.
  func decide<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    var text = ""
    _ = try onRoot {
      let value = try body()
      text = String(decoding: try JSONEncoder().encode([value]), as: UTF8.self)
    }
    let agreed = try communicator.broadcast(text: text, root: 0)
    return try JSONDecoder().decode([Value].self, from: Data(agreed.utf8))[0]
  }

  /// `body`'s value on rank 0, nil elsewhere; where rank 0 fails, every rank throws ``JobFailure``. Collective.
  func onRoot<Value>(_ body: () throws -> Value) throws -> Value? {
    var value: Value?
    try agree {
      if isRoot { value = try body() }
    }
    return value
  }

  /// The same for work of seconds or minutes that needs the cores: the other ranks sleep meanwhile, and `body` and the programs
  /// it starts may use the cores of all ranks of the node. Collective.
  func onRootAlone<Value>(_ body: () throws -> Value) throws -> Value? {
    var outcome: Result<Value, any Error>?
    if isRoot { outcome = Result { try topology.onAllCoresOfNode(body) } }
    try communicator.barrierAsleep()
    return try onRoot {
      guard let outcome else { preconditionFailure("rank 0 did no work") }
      return try outcome.get()
    }
  }

  /// `body`'s value on every rank; where any of them fails, all throw ``JobFailure``. Collective.
  ///
  /// What all ranks met alike is printed once, else the line of the first rank that failed.
  func everywhere<Value>(_ body: () throws -> Value) throws -> Value {
    var value: Value?
    try agree { value = try body() }
    guard let value else { preconditionFailure("a rank agreed without a value") }
    return value
  }

  /// What one rank met.
  private struct Report: Codable, Equatable {
    var status: ExitStatus
    var cause: String
    var line: String
  }

  private func agree(_ body: () throws -> Void) throws {
    var report: Report?
    do {
      try body()
    } catch {
      report = Report(
        status: ExitStatus(error), cause: oneLine("\(error)"), line: Communicator.failureLine(error))
    }
    let own = try report.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) } ?? ""
    let all = try communicator.gather(text: own, root: 0)
    var verdict = ""
    if let first = all.first(where: { !$0.isEmpty }) {
      let failures = try all.filter { !$0.isEmpty }
        .map { try JSONDecoder().decode(Report.self, from: Data($0.utf8)) }
      let areAlike = failures.allSatisfy { $0.cause == failures[0].cause }
      // A failure of rank 0 alone is the usual case of a decision: whose it was says nothing.
      let isCommon = areAlike && (failures.count == all.count || !all[0].isEmpty)
      Output.note("launcher: " + (isCommon ? failures[0].cause : failures[0].line))
      verdict = first
    }
    verdict = try communicator.broadcast(text: verdict, root: 0)
    guard verdict.isEmpty else {
      throw JobFailure(status: try JSONDecoder().decode(Report.self, from: Data(verdict.utf8)).status)
    }
  }
}
