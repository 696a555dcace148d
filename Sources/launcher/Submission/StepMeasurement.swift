import Foundation
import Glibc
import Model
import Training

/// What is known of a training step before the job: from a measurement's file, or as somebody says.
struct StepMeasurement {
  /// Of one step of all ranks.
  var stepSeconds: Double?
  /// Of one batch of the validation; nil where nobody measured the parts of a step.
  var validationSeconds: Double?
  /// Bytes of the rank that holds most.
  var residentBytes: Int?
  /// What differs between the measurement and the job, and does not forbid the comparison.
  var differences: [String] = []

  /// Reads what `launcher benchmark step --json` printed into the file at `path`.
  ///
  /// Throws ``UsageError`` where that was another training than `train`: its step says nothing of this one.
  init(file path: String, train: Train, ranks: Int, threads: Int) throws {
    guard FileManager.default.fileExists(atPath: path) else { throw MeasurementError.missing(path: path) }
    guard let bytes = FileManager.default.contents(atPath: path) else { throw MeasurementError.unreadable(path: path) }
    let result: StepBenchmark.Result
    do {
      result = try StepBenchmark.Result(json: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw MeasurementError.bad(path: path, reason: error.reason)
    }
    guard let trainingMiB = result.trainingMiB, result.msPerStepMedian > 0, result.msPerStepMedian.isFinite,
      trainingMiB > 0, trainingMiB < 1e9
    else { throw MeasurementError.bad(path: path, reason: "a step without time or memory") }
    func refuse(_ what: String, _ found: Int, _ wanted: Int) -> UsageError {
      UsageError(
        option: "--measured",
        reason: "\(path) holds a step of \(found) \(what), this run's has \(wanted); measure with the run's own options"
      )
    }
    let batch = train.recipe.batch.globalBatch
    guard result.globalBatch == batch else { throw refuse("pairs", result.globalBatch, batch) }
    let parameters = ParameterLayout(train.network.configuration()).count
    guard result.parameters == parameters else { throw refuse("parameters", result.parameters, parameters) }
    stepSeconds = result.msPerStepMedian / 1000
    residentBytes = Int(trainingMiB * 1_048_576)
    if let forward = result.phases["forward"], let data = result.phases["data"] {
      validationSeconds = (forward + data) / 1000
    }
    if result.ranks != ranks || result.threads != threads {
      differences.append(
        "\(path) was measured with \(result.ranks) x \(result.threads) ranks x threads, the job has \(ranks) x \(threads): "
          + "time and memory will differ")
    }
    let measured = result.recipe ?? "notebook"
    if measured != train.recipe.recipe {
      differences.append(
        "\(path) was measured with steps of --recipe \(measured), the run has \(train.recipe.recipe): time and memory will differ"
      )
    }
    if let precision = Precision(rawValue: train.compute.precision.rawValue), precision.rawValue != result.precision {
      differences.append("\(path) was measured in \(result.precision), the run is to use \(precision.rawValue)")
    }
  }

  /// As the options say; nil for what they do not.
  init(stepSeconds: Double?, residentBytes: Int?) {
    (self.stepSeconds, self.residentBytes) = (stepSeconds, residentBytes)
  }
}

/// What is wrong with the file of a measurement.
enum MeasurementError: Error, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String)
  case bad(path: String, reason: String)

  var status: ExitStatus {
    switch self {
    case .missing: .inputMissing
    case .unreadable: .inputOutput
    case .bad: .badData
    }
  }

  var description: String {
    switch self {
    case .missing(let path): "--measured: \(path): no such file; launcher benchmark step --json > \(path) writes it"
    case .unreadable(let path): "--measured: \(path): cannot be read"
    case .bad(let path, let reason):
      "--measured: \(path): not what launcher benchmark step --json prints: \(reason)"
    }
  }
}
