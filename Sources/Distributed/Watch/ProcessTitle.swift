internal import Glibc

/// What the process is doing, in its name in the process table: `launcher:train` in `top`, `ps -o comm` and batch systems' monitors.
///
/// The name of the program stays in front, so that `pkill launcher` still finds it.
enum ProcessTitle {
  /// Characters of the program's name that stay: the kernel keeps fifteen in all.
  private static let nameLength = 9

  /// The first thread's name, as the kernel shows and takes it (proc(5)); negative where it does not.
  private static let file = unsafe open("/proc/self/comm", O_RDWR | O_CLOEXEC)

  /// The program's name as it was at the start, and a colon.
  private static let name: [UInt8] = {
    var name = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(file, &name, name.count)
    return name.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }.prefix(nameLength) + [UInt8(ascii: ":")]
  }()

  /// Written by the one thread that works.
  private nonisolated(unsafe) static var shown: RankPhase.Title?

  /// Puts `title` behind the name. For the thread that works. Allocates nothing after the first call.
  static func show(_ title: RankPhase.Title) {
    guard unsafe title != shown, file >= 0 else { return }
    unsafe shown = title
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { text in
      unsafe text.initialize(repeating: 0)
      var length = 0
      for byte in name {
        unsafe text[length] = byte
        length += 1
      }
      for offset in 0..<min(title.text.utf8CodeUnitCount, 15 - length) {
        unsafe text[length] = title.text.utf8Start[offset]
        length += 1
      }
      // Best effort: a name is for people.
      _ = unsafe write(file, text.baseAddress!, length)
    }
  }
}

extension RankPhase {
  /// A phase as the process table has room for it; the parts of a step are one.
  enum Title: UInt8 {
    case start, load, plan, train, valid, save, eval, end

    var text: StaticString {
      switch self {
      case .start: "start"
      case .load: "load"
      case .plan: "plan"
      case .train: "train"
      case .valid: "valid"
      case .save: "save"
      case .eval: "eval"
      case .end: "end"
      }
    }
  }

  var title: Title {
    switch self {
    case .starting: .start
    case .loadingData: .load
    case .planning: .plan
    case .makingPairs, .forward, .backward, .reduction, .update: .train
    case .validation: .valid
    case .checkpoint: .save
    case .evaluation: .eval
    case .ending: .end
    }
  }
}
