import ArgumentParser
import Dataset
import Distributed
import Model

/// `launcher info`: what this program found on this machine.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the MPI library, ranks, hosts, cores, instruction set, oneDNN and data found.")

  @OptionGroup var dataOptions: DataOptions
  @OptionGroup var compute: ComputeOptions
  @OptionGroup var results: OutputOptions

  private struct Report: Encodable {
    let mpi: String
    let ranks: Int
    let hosts: [String]
    let cores: Int
    let threadsPerRank: Int
    let instructionSet: String
    let precision: String
    let oneDNN: String
    let data: String

    enum CodingKeys: String, CodingKey {
      case mpi, ranks, hosts, cores
      case threadsPerRank = "threads_per_rank"
      case instructionSet = "instruction_set"
      case precision
      case oneDNN = "onednn"
      case data
    }
  }

  func run() throws {
    let session = try Session.start()
    let precision = try session.precision(compute.precision)
    let threads = try session.threads(compute.threads)
    guard session.isRoot else { return }
    let hosts = session.topology.places.map(\.host)
    let report = Report(
      mpi: Communicator.libraryVersion, ranks: session.communicator.size,
      hosts: hosts.enumerated().filter { hosts.firstIndex(of: $1) == $0 }.map(\.element),
      cores: session.topology.coresAvailable, threadsPerRank: threads, instructionSet: instructionSetInUse(),
      precision: precision.rawValue, oneDNN: oneDNNVersion(), data: try dataFound())
    if results.json { return session.print(try json(report)) }
    session.print(
      """
      MPI: \(report.mpi)
      ranks: \(report.ranks) on \(report.hosts.joined(separator: ", "))
      cores: \(report.cores)  threads per rank: \(report.threadsPerRank)
      instruction set: \(report.instructionSet)  precision: \(report.precision)  oneDNN: \(report.oneDNN)
      data: \(report.data)
      """)
  }

  private func dataFound() throws -> String {
    let request = DataRequest(
      data: dataOptions.data, sources: dataOptions.sources, environment: environmentOfData(), seed: 0)
    return "\(try loadSources(request).origin)"
  }
}
