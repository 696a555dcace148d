import Crypto
import Foundation
import TestSupport

@testable import Training

/// A run that faults are done to, in a folder of its own: a small network on drawn pictures that trains for some seconds.
///
/// Checkpoints come often and validation takes much of the time, so that random moments fall into both.
struct Victim {
  var folder: String
  var ranks = 2
  /// Of each of the 20 epochs.
  var stepsPerEpoch = 150
  /// After every epoch.
  var validationSteps = 200
  /// Options after the usual ones, which they override.
  var more: [String] = []

  static let options = [
    "train", "--base-channels", "8", "--blocks", "2", "--convolutions-per-block", "2", "--data", "synthetic",
    "--precision", "f32", "--threads", "1", "--global-batch", "8", "--epochs", "20", "--rounds", "0",
    "--checkpoint-every", "3",
  ]
  /// Steps of the whole run.
  var steps: Int { 20 * stepsPerEpoch }

  var arguments: [String] {
    let length = ["--steps-per-epoch", "\(stepsPerEpoch)", "--validation-steps", "\(validationSteps)"]
    return Self.options + length + ["--output", folder] + more
  }

  /// Starts the run, or goes on with it; the caller waits for its end.
  func start(environment: [String: String] = [:], limit: Duration = .seconds(300)) throws -> RunningProgram {
    try MPIRun("launcher", arguments, ranks: ranks, environment: environment, limit: limit).start()
  }

  /// Runs to the end.
  func finish() throws -> MPIRun.Outcome { try start().wait() }

  var checkpoints: CheckpointFolder { CheckpointFolder("\(folder)/checkpoints") }

  /// The newest checkpoint that is good; nil where there is none.
  func newest() throws -> Checkpoint? { try checkpoints.newestGood { _ in } }

  /// SHA-256 over weights, moving statistics, best weights and moments of the newest checkpoint.
  func digest() throws -> String {
    guard let checkpoint = try newest() else { return "no checkpoint" }
    var hash = SHA256()
    var parts = [try checkpoint.weights(best: false), try checkpoint.moments().first, try checkpoint.moments().second]
    if checkpoint.hasBestWeights { parts.append(try checkpoint.weights(best: true)) }
    for part in parts { unsafe part.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) } }
    return hash.finalize().map { byte in String(UInt16(byte) + 256, radix: 16).dropFirst() }.joined()
  }

  /// Every line of metrics.csv without its last columns, which are the clock's.
  func metrics() throws -> [String] {
    let text = try String(contentsOfFile: "\(folder)/metrics.csv", encoding: .utf8)
    return text.split(separator: "\n").map { $0.split(separator: ",").prefix(9).joined(separator: ",") }
  }

  /// Whether a checkpoint is being written at this moment.
  var isWriting: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
    return names.contains { $0.hasPrefix(".") && $0.hasSuffix(".tmp") }
  }
}

/// The same run without any fault, done once: what every resumed one has to equal.
struct Reference {
  let digest: String
  let metrics: [String]

  init(_ victim: Victim) throws {
    let outcome = try victim.finish()
    guard outcome.succeeded else { throw BenchError(description: "the run without faults failed: \(outcome)") }
    digest = try victim.digest()
    metrics = try victim.metrics()
  }

  /// Whether `victim`, at its end, is the same run.
  func equals(_ victim: Victim, withMetrics: Bool = true) throws -> Bool {
    guard try victim.newest()?.state.step == victim.steps, try victim.digest() == digest else { return false }
    return try !withMetrics || victim.metrics() == metrics
  }
}

/// The bench itself could not go on.
struct BenchError: Error, CustomStringConvertible {
  let description: String
}
