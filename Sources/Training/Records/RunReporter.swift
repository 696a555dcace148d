/// Where a run's lines go. Only rank 0 prints.
package protocol RunReporter: AnyObject {
  /// The run's folder is known and exists: from here on lines also go to its log.txt. Throws ``FileError``.
  func attach(runFolder: String) throws
  /// One line, to standard error and log.txt.
  func line(_ text: String)
  /// How far the run is: a live block on a terminal, elsewhere a plain line now and then.
  func progress(_ progress: RunProgress)
  /// The run is over: no more progress.
  func finish()
}

extension RunReporter {
  package func attach(runFolder: String) throws {}
}
