import Glibc

/// What can be said about a checkpoint file, good or damaged.
package struct CheckpointRecord {
  package let path: String
  package let byteCount: Int
  /// Local date and time of the last change.
  package let time: String
  /// What was read; the error where it is not good.
  package let content: Result<Checkpoint, CheckpointError>

  /// Reads and checks the file at `path`, all of it. Throws ``FileError`` where the system refuses.
  package init(_ path: String) throws(FileError) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw FileError(path: path, operation: .read, code: errno) }
    self.path = path
    byteCount = Int(status.st_size)
    time = LocalTime(secondsSince1970: status.st_mtim.tv_sec).text(between: " ")
    do {
      content = .success(try Checkpoint(contentsOf: path))
    } catch let error as CheckpointError {
      content = .failure(error)
    } catch let error as FileError {
      throw error
    } catch {
      content = .failure(.damaged(path: path, reason: "\(error)"))
    }
  }

  /// The records of `path`, by steps: a checkpoint, a folder of checkpoints or a run folder.
  ///
  /// Throws ``CheckpointError/missing(path:)`` where there is nothing or a folder without checkpoints, ``FileError``.
  package static func all(at path: String) throws -> [CheckpointRecord] {
    guard FileSystem.exists(path) else { throw CheckpointError.missing(path: path) }
    guard FileSystem.isDirectory(path) else { return [try CheckpointRecord(path)] }
    let inner = RunFolder(existing: path).checkpoints
    let folder = FileSystem.isDirectory(inner.path) ? inner : CheckpointFolder(path)
    let records = try folder.steps().map { try CheckpointRecord(folder.file(step: $0)) }
    guard !records.isEmpty else { throw CheckpointError.missing(path: folder.path) }
    return records
  }

  /// The checkpoint, where it is good.
  package var checkpoint: Checkpoint? { try? content.get() }

  /// Why it is not good, in a line; nil where it is.
  package var problem: String? {
    if case .failure(let error) = content { "\(error)" } else { nil }
  }

  /// The tensors whose bytes are not those that were written; none where the damage is elsewhere.
  package var damagedTensors: [String] {
    if case .failure(.damagedTensors(_, let tensors)) = content { tensors } else { [] }
  }
}
