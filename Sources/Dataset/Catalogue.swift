/// Finds and loads the pictures, or draws them.
///
/// `--sources` names both sources; else `--data`, then UNMIX_DATA name a folder that holds mnist/ and
/// fashion-mnist/, or say "synthetic". A named place that lacks a file is an error. Where nothing is named, each
/// source is looked for in ./data, then in /usr/share/datasets; unless both are found whole, both are procedural.
/// A file that is found and damaged is always an error. Throws `DatasetError`, and what `afterEachFile` throws: it is called
/// after each of the four sets is read, and now and then while one of many files is.
package func loadSources(_ request: DataRequest, afterEachFile: () throws -> Void = {}) throws -> SourceData {
  try Catalogue(request).load(afterEachFile: afterEachFile)
}

/// Where the files of a request lie.
package struct Catalogue: Sendable {
  /// The places where data is looked for when none is named.
  package static let usualPlaces = ["./data", "/usr/share/datasets"]

  private let request: DataRequest
  private let choice: DataRequest.Choice
  private let usualPlaces: [String]

  /// Throws `usage` for options that cannot be.
  package init(_ request: DataRequest) throws {
    try self.init(request, usualPlaces: Self.usualPlaces)
  }

  init(_ request: DataRequest, usualPlaces: [String]) throws(DatasetError) {
    self.request = request
    self.usualPlaces = usualPlaces
    choice = try request.choice()
  }

  /// The folder that a download fills: the named one, else ./data. Throws `usage` where the request means no
  /// folder.
  package func fetchFolder() throws -> String {
    switch choice {
    case .folder(let named): return named.path
    case .usualPlaces: return usualPlaces[0]
    case .synthetic: throw DatasetError.usage(option: "--data synthetic", reason: "there is nothing to download")
    case .sources: throw DatasetError.usage(option: "--sources", reason: "only --data names a folder to fill")
    }
  }

  /// The path of a published file, gzip or plain, where a run would take its source from, or where some of that source is; nil where
  /// there is none.
  func path(of file: KnownFile) -> String? {
    switch choice {
    case .folder(let named): Self.find(file.name, in: named.path + "/" + file.folder)
    case .usualPlaces:
      (wholeSource(file.folder)
        ?? usualPlaces.map { $0 + "/" + file.folder }.first { folder in
          Self.imageFiles.contains { Self.find($0, in: folder) != nil }
        }).flatMap { Self.find(file.name, in: $0) }
    case .synthetic, .sources: nil
    }
  }

  /// The first of the usual places, with `folder`, where all pictures of that source are; nil where there is none.
  private func wholeSource(_ folder: String) -> String? {
    usualPlaces.map { $0 + "/" + folder }.first { folder in
      Self.imageFiles.allSatisfy { Self.find($0, in: folder) != nil }
    }
  }

  func load(afterEachFile: () throws -> Void = {}) throws -> SourceData {
    switch choice {
    case .synthetic: return ProceduralSources.make(seed: request.seed)
    case .sources(let sources):
      return try load(
        sources.map { (name: $0.name, folder: $0.path, option: "--sources") }, origin: nil, afterEachFile)
    case .folder(let named):
      switch FileSystem.kind(of: named.path) {
      case .directory: break
      case .unknown(let code): throw DatasetError.unreadable(path: named.path, reason: FileSystem.text(of: code))
      default:
        throw DatasetError.missingFile(
          path: named.path, advice: "\(named.option) must name a folder with mnist/ and fashion-mnist/")
      }
      let sources = Self.published.map { (name: $0.name, folder: named.path + "/" + $0.folder, option: named.option) }
      return try load(sources, origin: named.path, afterEachFile)
    case .usualPlaces:
      var found: [(name: String, folder: String, option: String)] = []
      for (name, folder) in Self.published {
        guard let place = wholeSource(folder) else { return ProceduralSources.make(seed: request.seed) }
        found.append((name, place, place))
      }
      return try load(found, origin: nil, afterEachFile)
    }
  }

  private static let published = [(name: "mnist", folder: "mnist"), (name: "fashion", folder: "fashion-mnist")]
  static let imageFiles = [KnownFile.trainImages, KnownFile.testImages]

  /// The file `name` in `folder`, gzip or plain; also one of which the system does not say what it is, which shows when it is read.
  static func find(_ name: String, in folder: String) -> String? {
    [folder + "/" + name, folder + "/" + name + ".gz"].first {
      switch FileSystem.kind(of: $0) {
      case .file, .unknown: true
      case .missing, .directory, .other: false
      }
    }
  }

  /// Loads two sources from their folders; `option` is who named the folder.
  private func load(
    _ sources: [(name: String, folder: String, option: String)], origin: String?, _ afterEachFile: () throws -> Void
  ) throws -> SourceData {
    var train: [ImageSet] = []
    var test: [ImageSet] = []
    // All names first: a missing file is said before seconds are spent on the others.
    let places = try sources.map { try SourceFiles(folder: $0.folder, option: $0.option) }
    for (source, place) in zip(sources, places) {
      let trainSet = try place.load(place.train, name: source.name, minimumCount: 2, afterEachFile)
      let testSet = try place.load(place.test, name: source.name, minimumCount: 1, afterEachFile)
      guard testSet.rows == trainSet.rows, testSet.columns == trainSet.columns else {
        throw DatasetError.wrongDimensions(
          path: place.test, rows: testSet.rows, columns: testSet.columns,
          reason: "the training pictures of \(source.name) are \(trainSet.rows)x\(trainSet.columns)")
      }
      train.append(trainSet)
      test.append(testSet)
    }
    return SourceData(
      names: sources.map(\.name), origin: .files(origin ?? sources.map(\.folder).joined(separator: ", ")),
      train: train, test: test)
  }
}
