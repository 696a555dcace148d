/// Why a run folder is not, or no longer, this run's.
package enum RunLockError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// sysexits 73: the folder is another run's for good.
    case takenOver
  }

  /// The run that `owner` names writes into `folder`.
  case inUse(folder: String, owner: String)
  /// `owner` took `folder` over while this run, of `generation`, had it.
  case takenOver(folder: String, owner: String, generation: Int)
  /// `folder` is or was `owner`'s, a later start of the same batch job.
  case superseded(folder: String, owner: String)

  package var category: Category {
    switch self {
    case .inUse: .usage
    case .takenOver, .superseded: .takenOver
    }
  }
}

extension RunLockError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse(let folder, let owner):
      "\(folder): in use by \(owner); give another --output or wait for its end. If that run is gone for certain, remove "
        + "\(folder)/\(RunLock.name)"
    case .takenOver(let folder, let owner, let generation):
      "\(folder): taken over by \(owner); this run, its generation \(generation), ends without writing there, so that two do "
        + "not write one folder"
    case .superseded(let folder, let owner):
      "\(folder): taken by \(owner); the batch system has given up this start of the job, so it ends without writing there"
    }
  }
}
