import Foundation

/// Processes as /proc lists them.
enum ProcessTable {
  struct Entry: Equatable {
    let identifier: Int32
    let parent: Int32
    /// Start in clock ticks: tells a process from a later one with the same number.
    let start: UInt64
    /// Ended, but not yet collected by its parent.
    let isZombie: Bool
  }

  /// All processes below `root`, parents before children.
  static func descendants(of root: Int32) -> [Entry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let all = names.compactMap { Int32($0) }.compactMap { entry($0) }
    var found: [Entry] = []
    var parents: Set<Int32> = [root]
    while !parents.isEmpty {
      let children = all.filter { parents.contains($0.parent) }
      found += children
      parents = Set(children.map(\.identifier))
    }
    return found
  }

  /// Whether this very process has not ended.
  static func isRunning(_ process: Entry) -> Bool {
    guard let now = entry(process.identifier) else { return false }
    return now.start == process.start && !now.isZombie
  }

  private static func entry(_ identifier: Int32) -> Entry? {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(identifier)/stat")) else { return nil }
    // The second field is the name in brackets and may hold anything; the numbers follow the last bracket.
    let text = String(decoding: data, as: UTF8.self)
    guard let bracket = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: bracket)...].split(separator: " ")
    guard fields.count > 19, let parent = Int32(fields[1]), let start = UInt64(fields[19]) else { return nil }
    return Entry(identifier: identifier, parent: parent, start: start, isZombie: fields[0] == "Z")
  }
}
