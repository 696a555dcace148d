internal import CMPI

/// Descendants of this process whose own parents ended.
package enum OrphanedProcesses {
  /// Makes this process their parent from here on, so that it can find and end them (prctl, PR_SET_CHILD_SUBREAPER).
  ///
  /// Best effort: where the system refuses, they belong to its first process as ever.
  package static func adopt() { CMPI_adopt_orphans() }
}
