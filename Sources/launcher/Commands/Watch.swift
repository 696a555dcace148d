import ArgumentParser
import Foundation
import Training

/// `launcher watch`.
struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the progress of a run that goes on elsewhere.",
    discussion: """
      Reads the run folder alone, so it works on any host that sees it; between two records (--log-every of the run) nothing moves. \
      At first, and where there is no record for two minutes, it says when the last one came. \
      Ends with the run, or on Ctrl-C, which does not touch the run.
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var path: String

  @Flag(help: "Print where the run stands and leave.")
  var once = false

  @Option(parsing: .unconditional, help: ArgumentHelp("Seconds between two looks.", valueName: "seconds"))
  var interval = 2.0

  private static let silence = Duration.seconds(120)

  func validate() throws {
    guard interval >= 0.1, interval <= 3600 else { throw ValidationError("--interval is from 0.1 to 3600 seconds") }
  }

  func run() {
    do {
      try watch()
      ExitStatus.done.exit()
    } catch {
      Output.note("launcher: \(error)")
      ExitStatus(error).exit()
    }
  }

  private func watch() throws {
    let folder = RunFolder(existing: path)
    var watched = try WatchedRun(folder)
    let style = ProgressStyle.of(descriptor: STDOUT_FILENO)
    guard style.isLive, !once else {
      try follow(&watched) {
        if let progress = $0 { Output.line(progress.line) }
      } say: { text, _ in
        Output.line(text)
      }
      return
    }
    let display = LiveDisplay(descriptor: STDOUT_FILENO, style: style)
    try follow(&watched) {
      display.show($0)
    } say: { text, progress in
      display.show(nil)
      Output.line(text)
      display.show(progress)
    }
    display.finish()
  }

  /// Shows every change until the run ends, and says at first and in each longer silence whether it goes on; once is enough with
  /// `--once`.
  private func follow(
    _ watched: inout WatchedRun, show: (RunProgress?) -> Void, say: (String, RunProgress?) -> Void
  ) throws {
    var lastWord: ContinuousClock.Instant?
    while true {
      let hasMoved = try watched.look()
      if hasMoved { show(watched.progress) }
      if let end = watched.end {
        show(nil)
        Output.line(end)
        return
      }
      if once {
        Output.line(watched.state)
        return
      }
      if lastWord.map({ $0.duration(to: .now) > Self.silence }) ?? true {
        say(watched.state, watched.progress)
        lastWord = .now
      } else if hasMoved {
        lastWord = .now
      }
      Thread.sleep(forTimeInterval: interval)
    }
  }
}
