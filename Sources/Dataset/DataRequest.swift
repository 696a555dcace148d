/// What the user said about the data: options, environment, seed. Only rank 0 makes one.
package struct DataRequest: Sendable {
  /// `--data`: a folder, or "synthetic".
  package var data: String?
  /// `--sources`: NAME=PATH,NAME=PATH.
  package var sources: String?
  /// Of which UNMIX_DATA is read; it may hold what `--data` may. Empty counts as not set.
  package var environment: [String: String]
  /// Procedural pictures are drawn from it.
  package var seed: UInt64

  package init(data: String?, sources: String?, environment: [String: String], seed: UInt64) {
    self.data = data
    self.sources = sources
    self.environment = environment
    self.seed = seed
  }
}

extension DataRequest {
  /// A data folder and who named it.
  struct NamedFolder: Equatable {
    let path: String
    /// "--data" or "UNMIX_DATA".
    let option: String
  }

  /// One of `--sources`.
  struct NamedSource: Equatable {
    let name: String
    let path: String
  }

  /// What is meant, before any file is looked at.
  enum Choice: Equatable {
    case synthetic
    case folder(NamedFolder)
    case sources([NamedSource])
    /// Nothing was named: look in the usual places.
    case usualPlaces
  }

  /// Throws `usage` for an option that contradicts itself or another one.
  func choice() throws(DatasetError) -> Choice {
    if let sources {
      guard data == nil else {
        throw .usage(option: "--sources", reason: "it names all pictures of a run; leave --data away")
      }
      return .sources(try Self.parse(sources: sources))
    }
    let named: NamedFolder
    if let data {
      guard !data.isEmpty else { throw .usage(option: "--data", reason: "a folder or \"synthetic\" must follow") }
      named = NamedFolder(path: data, option: "--data")
    } else if let path = environment["UNMIX_DATA"], !path.isEmpty {
      named = NamedFolder(path: path, option: "UNMIX_DATA")
    } else {
      return .usualPlaces
    }
    return named.path == "synthetic" ? .synthetic : .folder(named)
  }

  /// Where pictures come from that are not the published ones, in words; nil where these are meant. Throws `usage` like `choice`.
  package func others() throws(DatasetError) -> String? {
    switch try choice() {
    case .synthetic: "synthetic"
    case .sources(let sources):
      sources.map { source in
        "\(source.name) \(source.path)" + (FileSystem.kind(of: source.path) == .directory ? "" : " (no folder)")
      }.joined(separator: ", ")
    case .folder, .usualPlaces: nil
    }
  }

  private static func parse(sources: String) throws(DatasetError) -> [NamedSource] {
    func wrong(_ reason: String) -> DatasetError {
      .usage(option: "--sources \(sources)", reason: reason + "; give NAME=PATH,NAME=PATH")
    }
    var parsed: [NamedSource] = []
    for part in sources.split(separator: ",", omittingEmptySubsequences: false) {
      guard let sign = part.firstIndex(of: "=") else { throw wrong("\"\(part)\" has no \"=\"") }
      let name = String(part[..<sign])
      let path = String(part[part.index(after: sign)...])
      let isValid = name.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2D
      }
      guard isValid, !name.isEmpty, name.utf8.count <= 64 else {
        throw wrong("the name \"\(name)\" must have 1 to 64 characters of a-z, 0-9, _ and -")
      }
      guard !path.isEmpty else { throw wrong("\"\(name)\" has no path") }
      guard !parsed.contains(where: { $0.name == name }) else { throw wrong("\"\(name)\" is named twice") }
      parsed.append(NamedSource(name: name, path: path))
    }
    guard parsed.count == 2 else { throw wrong("two sources are mixed, not \(parsed.count)") }
    return parsed
  }
}
