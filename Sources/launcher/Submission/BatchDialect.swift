import ArgumentParser

/// A batch system as users call it.
enum BatchSystem: String, CaseIterable, ExpressibleByArgument { case slurm, pbs }

/// `--dialect` of PBS.
enum PBSDialect: String, CaseIterable, ExpressibleByArgument { case openpbs, torque }

/// What decides how a batch script is written.
enum BatchDialect: Equatable {
  case slurm, openpbs, torque

  /// Its name in messages.
  var title: String {
    switch self {
    case .slurm: "Slurm"
    case .openpbs: "OpenPBS"
    case .torque: "Torque"
    }
  }

  /// Where its script stands in the source.
  var templatePath: String {
    switch self {
    case .slurm: "cluster/slurm/train.sbatch"
    case .openpbs: "cluster/pbs/train.pbs"
    case .torque: "cluster/pbs/train-torque.pbs"
    }
  }

  var template: BatchTemplate {
    switch self {
    case .slurm: BatchTemplate(text(PackageResources.train_sbatch), marker: "#SBATCH ")
    case .openpbs: BatchTemplate(text(PackageResources.train_pbs), marker: "#PBS ")
    case .torque: BatchTemplate(text(PackageResources.train_torque_pbs), marker: "#PBS ")
    }
  }

  /// The program that takes a script, with its options. PBS gives a job no environment unless it is told to.
  var submitter: [String] { self == .slurm ? ["sbatch"] : ["qsub", "-V"] }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The option of `launcher submit` that sets what the directive `text` would; nil where none does.
  func option(inPlaceOf text: String) -> String? {
    guard self == .slurm else { return pbsOption(inPlaceOf: text) }
    let name = text.hasPrefix("--") ? BatchTemplate.subject(of: text) : String(text.prefix(2))
    switch name {
    case "--nodes", "-N": return "--nodes"
    case "--ntasks-per-node", "--ntasks", "-n": return "--tasks-per-node"
    case "--cpus-per-task", "-c": return "--cpus-per-task"
    case "--time", "-t": return "--time"
    case "--mem": return "--memory"
    case "--partition", "-p": return "--partition"
    case "--account", "-A": return "--account"
    case "--job-name", "-J": return "--job-name"
    default: return nil
    }
  }

  private func pbsOption(inPlaceOf text: String) -> String? {
    switch text.prefix(2) {
    case "-N": return "--job-name"
    case "-q": return "--queue"
    case "-A": return "--account"
    default: break
    }
    for resource in resources(of: text) {
      switch resource {
      case "walltime": return "--time"
      case "select", "nodes", "ncpus", "nodect": return "--nodes"
      case "mem" where self == .openpbs: return "--memory"
      default: break
      }
    }
    return nil
  }

  /// The names of what `-l` in `text` asks for; empty for other directives.
  func resources(of text: String) -> [String] {
    guard text.hasPrefix("-l") else { return [] }
    return text.dropFirst(2).split(separator: ",").map { part in
      String((part.split(separator: "=").first ?? "").filter { $0 != " " })
    }
  }
}
