/// Keeps what happens in a run, in files of the run folder. Rank 0's alone.
package protocol RunRecorder: AnyObject {
  /// Takes note of `event`. Throws ``FileError`` where the system refuses; what could not be written is kept and comes first next time.
  func record(_ event: RunEvent) throws(FileError)
  /// Writes what could not be written before. Throws ``FileError``.
  func flush() throws(FileError)
}
