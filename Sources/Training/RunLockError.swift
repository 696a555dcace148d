/// Why a run folder is not, or no longer, this run's.
package enum RunLockError: Error, Equatable, Sendable {
  /// Which kind of exit code an error calls for.
  package enum Category: Sendable {
    /// sysexits 64.
    case usage
    /// Sysexits 74.
    case inputOutput
  }

  /// The run that `owner` names writes into `folder`.
  case inUse(folder: String, owner: String)
  /// `owner` took `folder` over while this run had it.
  case takenOver(folder: String, owner: String)

  package var category: Category {
    switch self {
    case .inUse: .usage
    case .takenOver: .inputOutput
    }
  }
}

extension RunLockError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .inUse(let folder, let owner):
      "\(folder): in use by \(owner); give another --output or wait for its end. If that run is gone for certain, remove "
        + "\(folder)/\(RunLock.name)"
    case .takenOver(let folder, let owner):
      "\(folder): taken over by \(owner); this run ends, so that two do not write one folder"
    }
  }
}
