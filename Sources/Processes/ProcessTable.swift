import Foundation
package import Glibc

/// Processes as /proc lists them.
package enum ProcessTable {
  package struct Entry: Hashable {
    package let identifier: pid_t
    package let parent: pid_t
    /// Start in clock ticks: tells a process from a later one with the same number.
    package let start: UInt64
    /// Ended, but not yet collected by its parent.
    package let isZombie: Bool
  }

  /// All processes below `root`, parents before children.
  package static func descendants(of root: pid_t) -> [Entry] {
    let all = entries
    var found: [Entry] = []
    var parents: Set<pid_t> = [root]
    while !parents.isEmpty {
      let children = all.filter { parents.contains($0.parent) }
      found += children
      parents = Set(children.map(\.identifier))
    }
    return found
  }

  /// The processes whose parent is `parent`.
  package static func children(of parent: pid_t) -> [Entry] { entries.filter { $0.parent == parent } }

  /// Whether this very process has not ended.
  package static func isRunning(_ process: Entry) -> Bool {
    guard let now = entry(process.identifier) else { return false }
    return now.start == process.start && !now.isZombie
  }

  /// Whether nothing of this very process runs: a killed one lives on, and holds its locks, until what its threads ask of the
  /// disk is done.
  package static func isGone(_ process: Entry) -> Bool {
    guard let now = entry(process.identifier), now.start == process.start else { return true }
    let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.identifier)/task")
    return now.isZombie && threads?.count ?? 0 <= 1
  }

  /// The file of the program that this process runs. Behind the link: for a process that it starts, /proc/self/exe is another.
  package static var pathOfThisProgram: String {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
  }

  /// Whether `process` runs the same executable file as this one.
  package static func runsThisProgram(_ process: Entry) -> Bool {
    var (own, other) = (stat(), stat())
    guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat("/proc/\(process.identifier)/exe", &other) == 0 else {
      return false
    }
    return own.st_dev == other.st_dev && own.st_ino == other.st_ino
  }

  private static var entries: [Entry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.compactMap { entry($0) }
  }

  private static func entry(_ identifier: pid_t) -> Entry? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(identifier)/stat") else { return nil }
    // The second field is the name in brackets and may hold anything; the numbers follow the last bracket.
    let text = String(decoding: data, as: UTF8.self)
    guard let bracket = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: bracket)...].split(separator: " ")
    guard fields.count > 19, let parent = pid_t(fields[1]), let start = UInt64(fields[19]) else { return nil }
    return Entry(identifier: identifier, parent: parent, start: start, isZombie: fields[0] == "Z")
  }
}
