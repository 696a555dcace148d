import ArgumentParser
import Dataset
import Distributed
import Interchange
import Model
import Training

/// `launcher info`.
struct Info: JobCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what this program would run on: MPI, ranks and hosts, cores and threads, libraries, data.")

  @OptionGroup var data: DataOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var output: JSONFlag

  func run(_ job: Job) throws -> ExitStatus {
    let report = try job.onRoot {
      try Report(
        job, precision: compute.precision(job.automatic), threads: compute.threads(job.automatic),
        data: PicturePlaces(data.choice(seed: RunConfiguration().seed)))
    }
    if let report {
      if output.json { Output.json(report) } else { Output.line(table(report.rows)) }
    }
    return .done
  }

  private struct Report: Encodable {
    struct Rank: Encodable {
      var rank: Int
      var host: String
      var cores: [Int]
    }

    /// A library of the host: what is found there, and what the program is compiled with.
    struct Library: Encodable {
      var name: String
      var running: String
      var built: String

      init(_ name: String, _ versions: (running: String, built: String)) {
        (self.name, self.running, self.built) = (name, versions.running, versions.built)
      }
    }

    var version = Launcher.configuration.version
    var mpi = Communicator.libraryVersion
    var ranks: [Rank]
    var coresAvailable: Int
    var threadsPerRank: Int
    var oversubscribed: Bool
    var precision: Precision
    var instructionSet = InstructionSet.inUse.rawValue
    var onednn = oneDNNVersion()
    var libraries = [
      Library("MPI", (Communicator.libraryVersion, MPIBuild.ofThisProgram.description)),
      Library("oneDNN", (oneDNNVersion(), oneDNNHeaderVersion())), Library("libpng", LibraryVersions.libpng),
      Library("zlib", LibraryVersions.zlib), Library("libcurl", LibraryVersions.libcurl),
      Library("libhdf5", HDF5.versions),
    ]
    var data: PicturePlaces

    init(_ job: Job, precision: Precision, threads: Int, data: PicturePlaces) throws {
      ranks = job.topology.places.map { Rank(rank: $0.rank, host: $0.host, cores: $0.cores) }
      coresAvailable = job.topology.coresAvailable
      threadsPerRank = threads
      oversubscribed = job.topology.oversubscribed
      (self.precision, self.data) = (precision, data)
    }

    enum CodingKeys: String, CodingKey {
      case version, mpi, ranks
      case coresAvailable = "cores_available"
      case threadsPerRank = "threads_per_rank"
      case oversubscribed, precision
      case instructionSet = "instruction_set"
      case onednn, libraries, data
    }

    var rows: [(name: String, value: String)] {
      var rows = [(name: "version", value: version)]
      rows += ranks.map { rank in
        (name: "rank \(rank.rank)", value: "\(rank.host), cores \(rank.cores.map(String.init).joined(separator: ","))")
      }
      return rows + [
        (name: "cores available", value: "\(coresAvailable)" + (oversubscribed ? ", fewer than ranks" : "")),
        (name: "threads per rank", value: "\(threadsPerRank)"), (name: "precision", value: precision.rawValue),
        (name: "instruction set", value: instructionSet), (name: "data", value: data.summary),
      ] + libraries.map { (name: $0.name, value: "\($0.running), built with \($0.built)") }
    }
  }
}
