import ArgumentParser
import Training

/// `launcher checkpoint`.
struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "List, show or verify checkpoints.",
    subcommands: [CheckpointList.self, CheckpointShow.self, CheckpointVerify.self])
}

/// The path that these commands look at.
struct CheckpointPath: ParsableArguments {
  @Argument(help: "A checkpoint, a folder of checkpoints, or a run folder.")
  var path: String

  /// Every checkpoint there, read and checked.
  func records() throws -> [CheckpointRecord] { try CheckpointRecord.all(at: path) }
}

/// `launcher checkpoint list`.
struct CheckpointList: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "One line for each checkpoint: step, epoch, time, size, good or damaged.")

  @OptionGroup var place: CheckpointPath
  @OptionGroup var output: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    try job.decide {
      let entries = try place.records().map(Entry.init)
      if output.json { Output.json(["checkpoints": entries]) } else { entries.forEach { Output.line($0.line) } }
      return .done
    }
  }

  private struct Entry: Encodable {
    var path: String
    var step: Int?
    /// Complete epochs.
    var epochs: Int?
    var time: String
    var bytes: Int
    var good: Bool
    var problem: String?

    init(_ record: CheckpointRecord) {
      (path, bytes, time) = (record.path, record.byteCount, record.time)
      (step, epochs) = (record.checkpoint?.state.step, record.checkpoint?.state.epoch)
      (good, problem) = (record.checkpoint != nil, record.problem)
    }

    var line: String {
      let unit = bytes < 1 << 20 ? (bytes: 1 << 10, name: "KiB") : (bytes: 1 << 20, name: "MiB")
      let size = "\((bytes + unit.bytes / 2) / unit.bytes) \(unit.name)"
      guard let step, let epochs else { return "\(path)  \(time)  \(size)  \(problem ?? "damaged")" }
      return "\(path)  step \(step)  epochs \(epochs)  \(time)  \(size)  good"
    }
  }
}

/// `launcher checkpoint verify`.
struct CheckpointVerify: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every SHA-256 of checkpoints and name the damaged tensors.",
    discussion: "Exit code 65 when one is damaged, 66 when there is none.")

  @OptionGroup var place: CheckpointPath
  @OptionGroup var output: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    try job.decide {
      let entries = try place.records().map(Entry.init)
      if output.json {
        Output.json(Report(good: entries.allSatisfy(\.good), checkpoints: entries))
      } else {
        for entry in entries {
          Output.line(entry.problem ?? "\(entry.path): good, \(entry.tensors ?? 0) tensors")
          for tensor in entry.damagedTensors { Output.line("  damaged: \(tensor)") }
        }
      }
      return entries.allSatisfy(\.good) ? .done : .badData
    }
  }

  private struct Report: Encodable {
    var good: Bool
    var checkpoints: [Entry]
  }

  private struct Entry: Encodable {
    var path: String
    var good: Bool
    /// nil where they cannot be counted.
    var tensors: Int?
    var problem: String?
    var damagedTensors: [String]

    init(_ record: CheckpointRecord) {
      (path, good, problem) = (record.path, record.checkpoint != nil, record.problem)
      (tensors, damagedTensors) = (record.checkpoint?.tensorCount, record.damagedTensors)
    }

    enum CodingKeys: String, CodingKey {
      case path, good, tensors, problem
      case damagedTensors = "damaged_tensors"
    }
  }
}

/// `launcher checkpoint show`.
struct CheckpointShow: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Say what a checkpoint holds; of a folder, the newest good one.")

  @OptionGroup var place: CheckpointPath
  @OptionGroup var output: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    try job.decide {
      let records = try place.records()
      guard let record = records.last(where: { $0.checkpoint != nil }) ?? records.last else {
        preconditionFailure("no checkpoint and no error")
      }
      let checkpoint = try record.content.get()
      if output.json {
        Output.json(Report(checkpoint))
      } else {
        Output.line(table(Self.rows(checkpoint, record)))
      }
      return .done
    }
  }

  /// The checkpoint's metadata as it stands in the file.
  private struct Report: Encodable {
    var path: String
    var version: String
    var configuration: RunConfiguration
    var state: TrainingState
    var plan: RunPlan
    var data: String
    var dataFingerprint: String

    init(_ checkpoint: Checkpoint) {
      (path, version, configuration) = (checkpoint.path, checkpoint.formatVersion, checkpoint.configuration)
      (state, plan) = (checkpoint.state, checkpoint.plan)
      (data, dataFingerprint) = (checkpoint.dataName, checkpoint.dataFingerprint)
    }

    enum CodingKeys: String, CodingKey {
      case path, version, configuration, state, plan, data
      case dataFingerprint = "data_fingerprint"
    }
  }

  private static func rows(_ checkpoint: Checkpoint, _ record: CheckpointRecord) -> [(name: String, value: String)] {
    let (state, run, plan) = (checkpoint.state, checkpoint.configuration, checkpoint.plan)
    let network = run.network
    return [
      (name: "checkpoint", value: checkpoint.path), (name: "written", value: record.time),
      (name: "format", value: "version \(checkpoint.formatVersion), \(checkpoint.tensorCount) tensors"),
      (name: "step", value: "\(state.step), \(state.stepInEpoch) of \(run.stepsPerEpoch) in its epoch"),
      (
        name: "epochs",
        value: "\(state.epoch) complete of \(state.recipe.lastEpoch ?? run.epochs)"
          + (state.isStopped ? ", stopped early" : "")
      ),
      (name: "learning rate", value: "\(state.recipe.learningRate) (\(run.recipe))"),
      (
        name: "best weights",
        value: state.recipe.bestEpoch.map { "epoch \($0 + 1), validation loss \(state.recipe.best)" } ?? "none yet"
      ),
      (name: "time trained", value: "\(state.seconds.rounded()) s"),
      (
        name: "network",
        value: "\(network.baseChannels) base channels, \(network.blocks) blocks of \(network.convolutionsPerBlock), "
          + "heads \(network.heads.joined(separator: " and "))"
      ),
      (name: "global batch", value: "\(run.globalBatch)"), (name: "seed", value: "\(run.seed)"),
      (name: "data", value: "\(checkpoint.dataName) (SHA-256 \(checkpoint.dataFingerprint.prefix(12)))"),
      (
        name: "ranks",
        value:
          "\(plan.ranks) of \(plan.threads) \(plan.threads == 1 ? "thread" : "threads"), \(plan.precision.rawValue), "
          + plan.instructionSet
      ),
      (name: "libraries", value: "\(plan.mpi), oneDNN \(plan.oneDNN)"),
    ]
  }
}
