internal import Glibc

/// How much processor time the control groups of a process grant, in whole cores.
///
/// Containers and batch systems limit time without touching the affinity mask: threads beyond the quota only throttle
/// each other.
enum CPUQuota {
  /// This process's quota; nil where none is set.
  static var ofThisProcess: Int? { cores(contents: Self.contents) }

  /// The least quota of all control groups above a process, in whole cores, at least 1; nil where none is set.
  ///
  /// `contents` gives the text of a file, or nil where it cannot be read.
  static func cores(contents: (String) -> String?) -> Int? {
    guard let groups = contents("/proc/self/cgroup") else { return nil }
    let limits = folders(ofGroups: groups).compactMap { folder -> Double? in
      contents(folder + "/cpu.max").flatMap(limit(cpuMax:))
        ?? limit(quota: contents(folder + "/cpu.cfs_quota_us"), period: contents(folder + "/cpu.cfs_period_us"))
    }
    return limits.min().map { max(1, Int(min($0, 1e6))) }
  }

  /// The folders that may hold a limit: each group of /proc/self/cgroup and all above it, version 2 and version 1.
  ///
  /// In a container the named group may lie outside of what is mounted; the mount's own root then holds the limit.
  static func folders(ofGroups text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).flatMap { line -> [String] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let controllers = fields[1].split(separator: ",")
      let roots: [String]
      if fields[0] == "0" && controllers.isEmpty {
        roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
      } else if controllers.contains("cpu") {
        roots = fields[1] == "cpu" ? ["/sys/fs/cgroup/cpu"] : ["/sys/fs/cgroup/\(fields[1])", "/sys/fs/cgroup/cpu"]
      } else {
        return []
      }
      let steps = fields[2].split(separator: "/").map(String.init)
      return roots.flatMap { root in
        (0...steps.count).map { depth in ([root] + steps.prefix(depth)).joined(separator: "/") }
      }
    }
  }

  /// Cores that version 2's `cpu.max` grants: `150000 100000` is 1.5, `max 100000` is nil.
  static func limit(cpuMax text: String) -> Double? {
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard let quota = fields.first else { return nil }
    return limit(quota: String(quota), period: fields.count > 1 ? String(fields[1]) : "100000")
  }

  /// Cores that version 1's `cpu.cfs_quota_us` and `cpu.cfs_period_us` grant; a quota of -1 is nil.
  static func limit(quota: String?, period: String?) -> Double? {
    guard let quota = quota.flatMap(number), let period = period.flatMap(number), quota > 0, period > 0 else {
      return nil
    }
    return Double(quota) / Double(period)
  }

  private static func number(_ text: String) -> Int? {
    text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
  }

  /// The text of a small file.
  private static func contents(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var length = 0
    while length < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress! + length, $0.count - length)
      }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      length += count
    }
    return String(decoding: bytes[..<length], as: UTF8.self)
  }
}
