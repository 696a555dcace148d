/// Keeps what happens in a run, in files of the run folder. Rank 0's alone.
package protocol RunRecorder: AnyObject {
  /// Takes note of `event`. Throws ``FileError`` where the system refuses; what could not be written is kept and comes first next time.
  func record(_ event: RunEvent) throws(FileError)
  /// Takes note of pairs as the network separates them after `step` steps; the same pairs each time. Throws like ``record(_:)``.
  func record(_ pairs: [SeparatedPair], step: Int) throws(FileError)
  /// Writes what could not be written before. Throws ``FileError``.
  func flush() throws(FileError)
}

extension RunRecorder {
  package func record(_ pairs: [SeparatedPair], step: Int) throws(FileError) {}
}
