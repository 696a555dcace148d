import Foundation

/// A command line that trains, as `launcher supervise` starts it: a starter such as mpirun with its options, this program, and
/// the options of `launcher train`.
struct SupervisedCommand: Equatable {
  /// The words as they were given.
  let words: [String]
  /// The run folder that they name.
  let output: String
  /// Where the options of the first `launcher train` stand in `words`.
  private let options: Range<Int>
  /// What `--resume` or the file of `--config` says.
  private let resume: String?

  /// Throws ``UsageError`` where `words` do not train, name no run folder that is the same from here, or do not let it be asked
  /// to stop.
  init(_ words: [String]) throws(UsageError) {
    let named = words.indices.filter { words[$0].split(separator: "/").last == "launcher" }
    guard !named.isEmpty else {
      throw Self.wrong("no launcher among them; give mpirun ... launcher train --output DIR ...")
    }
    // A folder may be called so too.
    guard let program = named.first(where: { Self.mayTrain(words[($0 + 1)...].first) }) else {
      throw Self.wrong("only launcher train can go on after a failure")
    }
    let first = words[(program + 1)...].first == "train" ? program + 2 : program + 1
    // mpirun puts a colon between the programs of one job; rank 0's options count.
    let end = words[first...].firstIndex(of: ":") ?? words.count
    self.words = words
    options = first..<end
    guard let output = Self.value(of: ["--output", "-o"], in: words[options]), !output.isEmpty else {
      throw Self.wrong("--output DIR is missing: without it no restart finds the checkpoints")
    }
    self.output = output
    if !output.hasPrefix("/"), let option = Self.changeOfDirectory(words[..<program]) {
      throw Self.wrong("\(option) changes the directory in which --output \(output) is; give its whole path")
    }
    // A file that cannot be read is the run's to report.
    let file = Self.value(of: ["--config"], in: words[options]).flatMap { path in
      try? ConfigurationFile(contentsOf: path).train(with: Array(words[first..<end]))
    }
    resume = Self.value(of: ["--resume"], in: words[options]) ?? file?.folder.resume
    let names = Self.value(of: ["--stop-signals"], in: words[options])
    let signals = names.flatMap { StopSignalList(argument: $0) } ?? file?.stop.stopSignals
    if let signals, !signals.signals.contains(.usr1) {
      let text = names ?? "of the file of --config"
      throw Self.wrong("--stop-signals \(text) lacks USR1, by which the run is asked to stop with a checkpoint")
    }
  }

  /// Whether `word` may follow this program's name where it trains.
  private static func mayTrain(_ word: String?) -> Bool {
    guard let word else { return true }
    return word == "train" || word == ":" || word.hasPrefix("-")
  }

  /// The word of a starter by which its program runs in another directory than this one: of mpirun, srun and env.
  private static func changeOfDirectory(_ words: ArraySlice<String>) -> String? {
    var starter: Substring?
    for word in words {
      let name = word.split(separator: "=").first.map(String.init) ?? word
      if ["-wdir", "--wdir", "-wd", "--wd", "--chdir"].contains(name) { return word }
      if starter == "env" && word.hasPrefix("-C") || starter == "srun" && word.hasPrefix("-D") { return word }
      let program = word.split(separator: "/").last
      if program == "env" || program == "srun" { starter = program }
    }
    return nil
  }

  /// The same run, going on from its folder. A checkpoint that `--resume` names stays named: the run began there.
  var resumed: [String] {
    guard resume == nil || resume == "never" else { return words }
    var kept: [String] = []
    var skips = false
    for word in words[options] {
      if skips {
        skips = false
      } else if word == "--resume" {
        skips = true
      } else if !word.hasPrefix("--resume=") {
        kept.append(word)
      }
    }
    return words[..<options.lowerBound] + kept + ["--resume", "auto"] + words[options.upperBound...]
  }

  /// The last value given to any of `names`.
  private static func value(of names: [String], in words: ArraySlice<String>) -> String? {
    var found: String?
    for (index, word) in zip(words.indices, words) {
      for name in names {
        if word == name, index + 1 < words.endIndex { found = words[index + 1] }
        if word.hasPrefix(name + "=") { found = String(word.dropFirst(name.count + 1)) }
      }
    }
    return found
  }

  private static func wrong(_ reason: String) -> UsageError { UsageError(option: "the words after --", reason: reason) }
}
