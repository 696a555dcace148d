import Glibc

/// A process that cannot be confused with a later one of the same number.
struct ProcessIdentity: Codable, Equatable, Sendable {
  var host: String
  var process: Int32
  /// Start in clock ticks since the boot that `boot` names; nil where the system does not say.
  var started: UInt64?
  /// Identifier of the system's boot; empty where the system does not say.
  var boot: String

  /// This process.
  static var own: ProcessIdentity {
    ProcessIdentity(
      host: hostName, process: getpid(), started: fields(of: getpid()).flatMap(startTime), boot: bootIdentifier)
  }

  /// Whether it is a process of this host since its last boot. Two hosts may have one name, so the name is not enough.
  var isOfThisHost: Bool { host == Self.hostName && boot == Self.bootIdentifier }

  /// Whether it runs; asked on its own host only. One that was killed and that nobody has collected yet does not: in a container
  /// whose first process collects none, it stays so for ever.
  var isRunning: Bool {
    precondition(isOfThisHost, "a process of \(host) is looked for on \(Self.hostName)")
    guard let fields = Self.fields(of: process) else { return kill(process, 0) == 0 || errno != ESRCH }
    return fields.first != "Z" && (started == nil || started == Self.startTime(fields))
  }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, 255) == 0 else { return "unknown host" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static var bootIdentifier: String {
    (FileSystem.systemText("/proc/sys/kernel/random/boot_id") ?? "").split(separator: "\n").first.map(String.init) ?? ""
  }

  /// The fields of /proc/PID/stat from the third on, the state; nil where there is no such process.
  private static func fields(of process: Int32) -> [Substring]? {
    // The second field is the program's name in brackets and may hold anything; the numbers follow the last bracket.
    guard let text = FileSystem.systemText("/proc/\(process)/stat"), let bracket = text.lastIndex(of: ")") else {
      return nil
    }
    return text[text.index(after: bracket)...].split(separator: " ")
  }

  /// The 22nd field of /proc/PID/stat.
  private static func startTime(_ fields: [Substring]) -> UInt64? { fields.count > 19 ? UInt64(fields[19]) : nil }
}
