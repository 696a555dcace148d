/// Downloads the published files into a data folder. A file that is there and right is left alone; one that is
/// there and wrong is an error, never overwritten. A download goes to a temporary name beside its place, is
/// resumed from there, and gets its name only when the SHA-256 of its uncompressed content is right.
package struct DatasetFetcher {
  package enum Event: Sendable, Equatable {
    case alreadyThere(path: String)
    /// Another process fetches the file; this one waits for it.
    case waiting(path: String)
    /// A mirror is asked; `resumedByteCount` compressed bytes were there from an earlier try.
    case started(url: String, resumedByteCount: Int)
    /// Compressed bytes; `totalByteCount` is nil as long as the server does not say.
    case progress(url: String, receivedByteCount: Int, totalByteCount: Int?)
    /// One line; the next mirror follows.
    case mirrorFailed(url: String, reason: String)
    case finished(path: String)
  }

  private let folder: String
  private let files: [KnownFile]
  private let connectTimeout: Int
  private let fromThisMachine: Bool

  /// `folder` gets mnist/ and fashion-mnist/ (see `Catalogue.fetchFolder`); `connectTimeout` is in seconds.
  package init(folder: String, files: [KnownFile] = KnownFile.all, connectTimeout: Int = 10) {
    self.init(folder: folder, files: files, connectTimeout: connectTimeout, fromThisMachine: false)
  }

  /// Tests talk to a server on this machine, which has no certificate and which the proxy of the environment would not find.
  init(folder: String, files: [KnownFile], connectTimeout: Int = 10, fromThisMachine: Bool) {
    self.folder = folder
    self.files = files
    self.connectTimeout = connectTimeout
    self.fromThisMachine = fromThisMachine
  }

  /// Returns the paths of `files`, in order. Throws at the first file that no mirror gives (`download`, with one
  /// reason for each mirror; what has arrived stays for the next try), that is there and wrong (`wrongDigest` or
  /// the damage) or that cannot be written (`unwritable`). Blocks; `report` is called from the same thread.
  package func fetch(report: @escaping (Event) -> Void = { _ in }) throws -> [String] {
    try files.map { try fetch($0, report: report) }
  }

  private func fetch(_ file: KnownFile, report: @escaping (Event) -> Void) throws(DatasetError) -> String {
    let directory = folder + "/" + file.folder
    let target = directory + "/" + file.name + ".gz"
    if let path = try present(file, in: directory, report) { return path }
    try FileSystem.makeDirectories(directory)
    // Two that append to one partial file spoil it.
    return try FileSystem.withLock(directory + "/." + file.name + ".gz.lock", waits: { report(.waiting(path: target)) })
    {
      () throws(DatasetError) in
      if let path = try present(file, in: directory, report) { return path }
      return try fetch(file, to: target, partial: directory + "/." + file.name + ".gz.partial", report: report)
    }
  }

  /// The right file, gzip or plain, that lies in `directory`; nil where none does.
  private func present(
    _ file: KnownFile, in directory: String, _ report: (Event) -> Void
  ) throws(DatasetError) -> String? {
    for path in [directory + "/" + file.name, directory + "/" + file.name + ".gz"]
    where FileSystem.kind(of: path) != .missing {
      try Self.verify(path, as: file)
      report(.alreadyThere(path: path))
      return path
    }
    return nil
  }

  private func fetch(
    _ file: KnownFile, to target: String, partial: String, report: @escaping (Event) -> Void
  ) throws(DatasetError) -> String {
    // An earlier try may have ended between the last byte and the rename.
    if (try? Self.verify(partial, as: file)) != nil {
      try FileSystem.commit(partial, as: target)
      report(.finished(path: target))
      return target
    }
    var reasons: [String] = []
    for mirror in file.mirrors {
      let url = mirror + file.name + ".gz"
      do {
        try download(file, from: url, to: partial, report: report)
        try FileSystem.commit(partial, as: target)
        report(.finished(path: target))
        return target
      } catch let failure as CurlTransfer.Failure where failure.isOfThisMachine {
        // No other mirror would help.
        throw .unwritable(path: partial, reason: failure.reason)
      } catch let failure as CurlTransfer.Failure {
        reasons.append(url + ": " + failure.reason)
        report(.mirrorFailed(url: url, reason: failure.reason))
      } catch let error as DatasetError where error.category == .badData {
        reasons.append(url + ": what it sends is not the published file")
        report(.mirrorFailed(url: url, reason: error.description))
      } catch let error as DatasetError {
        throw error
      } catch {
        throw .library(function: "fetch", reason: "\(error)")
      }
    }
    throw .download(file: file.folder + "/" + file.name + ".gz", reasons: reasons)
  }

  /// Leaves the right content in `partial`, or throws; what is known to be wrong is removed. What an earlier try
  /// left may come from another mirror or be damaged, so a resumed file that is wrong is fetched once more whole.
  private func download(
    _ file: KnownFile, from url: String, to partial: String, report: @escaping (Event) -> Void
  ) throws {
    let resumed = FileSystem.byteCount(of: partial)
    report(.started(url: url, resumedByteCount: resumed))
    do {
      // gzip makes nothing larger by more than a few bytes in a thousand.
      try CurlTransfer().download(
        url, appendingTo: partial, connectTimeout: connectTimeout, limit: file.byteCount + (1 << 20),
        fromThisMachine: fromThisMachine
      ) { report(.progress(url: url, receivedByteCount: $0, totalByteCount: $1)) }
      try Self.verify(partial, as: file)
    } catch let failure as CurlTransfer.Failure where !failure.spoilsPartialFile {
      if FileSystem.byteCount(of: partial) == 0 { try FileSystem.remove(partial) }
      throw failure
    } catch let error where (error as? DatasetError)?.category != .inputOutput {
      try FileSystem.remove(partial)
      guard resumed > 0 else { throw error }
      try download(file, from: url, to: partial, report: report)
    }
  }

  /// Throws `wrongDigest`, or what is wrong with the stream, unless `path` holds the published content.
  private static func verify(_ path: String, as file: KnownFile) throws(DatasetError) {
    let found = try Digest.ofContent(at: path, limit: file.byteCount)
    guard found.sha256 == file.sha256 else {
      throw .wrongDigest(path: path, expected: file.sha256, found: found.sha256)
    }
  }
}
