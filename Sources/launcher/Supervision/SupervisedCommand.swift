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

  /// Throws ``UsageError`` where `words` do not train, or name no run folder.
  init(_ words: [String]) throws(UsageError) {
    guard let program = words.firstIndex(where: { $0.split(separator: "/").last == "launcher" }) else {
      throw Self.wrong("no launcher among them; give mpirun ... launcher train --output DIR ...")
    }
    var first = program + 1
    // mpirun puts a colon between the programs of one job; rank 0's options count.
    let end = words[first...].firstIndex(of: ":") ?? words.count
    if first < end, !words[first].hasPrefix("-") {
      guard words[first] == "train" else { throw Self.wrong("only launcher train can go on after a failure") }
      first += 1
    }
    self.words = words
    options = first..<end
    guard let output = Self.value(of: ["--output", "-o"], in: words[first..<end]), !output.isEmpty else {
      throw Self.wrong("--output DIR is missing: without it no restart finds the checkpoints")
    }
    self.output = output
  }

  /// The same run, going on from the newest checkpoint of its folder.
  var resumed: [String] {
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
