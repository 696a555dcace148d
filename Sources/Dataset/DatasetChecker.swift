/// Compares the published files on this machine with their SHA-256.
package struct DatasetChecker: Sendable {
  /// What was found of one file.
  package struct Finding: Sendable, Equatable {
    package let file: KnownFile
    /// Where it lies, gzip or plain; nil where it is missing.
    package let path: String?
    /// SHA-256 of its uncompressed content; nil where it is missing or cannot be read through.
    package let sha256: String?
    /// One line that says why it cannot be read through.
    package let problem: String?

    /// Whether the content is the published one.
    package var matches: Bool { sha256 == file.sha256 }
  }

  private let catalogue: Catalogue
  private let files: [KnownFile]

  /// Looks where `loadSources` would look for the request. Throws `usage`.
  package init(_ request: DataRequest, files: [KnownFile] = KnownFile.all) throws {
    self.init(try Catalogue(request), files: files)
  }

  init(_ catalogue: Catalogue, files: [KnownFile]) {
    self.catalogue = catalogue
    self.files = files
  }

  /// One finding for each file, in order. Missing labels are no fault: see `KnownFile.isRequired`.
  package func check() -> [Finding] { files.map { check($0, path: catalogue.path(of: $0)) } }

  private func check(_ file: KnownFile, path: String?) -> Finding {
    guard let path else { return Finding(file: file, path: nil, sha256: nil, problem: nil) }
    do {
      // Room for a wrong file of another size: its digest is worth printing.
      let content = try Digest.ofContent(at: path, limit: IDXHeader.maximumByteCount)
      return Finding(file: file, path: path, sha256: content.sha256, problem: nil)
    } catch {
      return Finding(file: file, path: path, sha256: nil, problem: error.description)
    }
  }
}
