import Foundation

/// A program that trains the same network, and prints its throughput as a JSON object on its last line of standard output.
package struct PeerProgram: Sendable {
  /// What one run printed.
  package struct Rates: Sendable, Equatable, Decodable {
    /// Images per second: `images_per_s_median`, or `images_per_s`.
    package var median: Double
    /// Images per second of the best step, `images_per_s_max`; nil where it was not printed.
    package var best: Double?

    private enum CodingKeys: String, CodingKey {
      case median = "images_per_s_median"
      case plain = "images_per_s"
      case best = "images_per_s_max"
    }

    package init(median: Double, best: Double?) { (self.median, self.best) = (median, best) }

    /// The keys that the scripts of PyTorch and Keras print, and this program's own `benchmark step --json`.
    package init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      let key = values.contains(.median) ? CodingKeys.median : .plain
      median = try values.decode(Double.self, forKey: key)
      best = try values.decodeIfPresent(Double.self, forKey: .best)
    }
  }

  /// For `/bin/sh -c`.
  package let command: String

  package init(command: String) { self.command = command }

  /// Runs the program to its end and reads what it printed; its standard error is this process's. Local, blocking; the
  /// program may use the calling thread's cores. Throws ``PeerError``.
  ///
  /// `environment` is passed on without what an MPI launcher left in it: with that a peer under its own mpirun would take itself
  /// for a rank of this job.
  package func run(environment: [String: String]) throws -> Rates {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.environment = Self.withoutLauncher(environment)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw PeerError(command: command, reason: "cannot be started: \(error.localizedDescription)")
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let status = process.terminationStatus
    guard process.terminationReason == .exit else {
      throw PeerError(command: command, reason: "was ended by signal \(status)")
    }
    guard status == 0 else { throw PeerError(command: command, reason: "ended with exit code \(status)") }
    return try rates(printed: String(decoding: printed, as: UTF8.self))
  }

  /// The rates on the last line of `printed`.
  func rates(printed: String) throws -> Rates {
    guard let line = printed.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) }) else {
      throw PeerError(command: command, reason: "printed nothing to standard output")
    }
    guard let rates = try? JSONDecoder().decode(Rates.self, from: Data(line.utf8)) else {
      throw PeerError(
        command: command,
        reason: "its last line is no JSON object with a number images_per_s_median or images_per_s: \(line.prefix(80))")
    }
    guard rates.median > 0, rates.best.map({ $0 >= rates.median }) ?? true else {
      throw PeerError(command: command, reason: "its images per second make no sense: \(line.prefix(80))")
    }
    return rates
  }

  /// `environment` without the variables of Open MPI, PMIx, PMI and Hydra.
  static func withoutLauncher(_ environment: [String: String]) -> [String: String] {
    let prefixes = ["OMPI_", "PMIX_", "PMI_", "ORTE_", "OPAL_", "MPI_LOCAL", "HYDRA_", "HYDI_"]
    return environment.filter { name, _ in !prefixes.contains { name.hasPrefix($0) } }
  }
}

/// A peer program that gave no throughput.
package struct PeerError: Error, Equatable, Sendable, CustomStringConvertible {
  package let command: String
  package let reason: String
  package var description: String { "the peer \"\(command)\" \(reason)" }
}
