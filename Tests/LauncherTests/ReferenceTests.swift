import Foundation
import TestSupport
import Testing

@testable import launcher

struct ReferenceTests {
  /// docs/options.md is what the program says of itself.
  @Test
  func theOptionsReferenceIsTheProgramsOwn() throws {
    let text = CommandDescription.ofThisProgram.markdown()
    let path = Fixtures.root + "/docs/options.md"
    if ProcessInfo.processInfo.environment["UNMIX_RENEW_GOLDEN"] != nil {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      Issue.record("\(path) is written anew; look at it and run the tests without UNMIX_RENEW_GOLDEN")
    }
    let committed = try String(contentsOfFile: path, encoding: .utf8)
    let changed = zip(text.split(separator: "\n"), committed.split(separator: "\n")).first { $0 != $1 }
    #expect(
      text == committed,
      "docs/options.md differs; `launcher reference markdown > docs/options.md` writes it anew: \(String(describing: changed))"
    )
  }

  /// The formatter that shows manual pages finds nothing to complain about, and every command and option is there.
  @Test
  func theManualPageFormats() throws {
    let scratch = try TemporaryFolder()
    let page = try launch(["reference", "man"])
    #expect(page.succeeded && page.standardError.isEmpty, "\(page)")
    let file = try scratch.write(page.standardOutput, to: "launcher.1")
    let outcome = try MPIRun("/usr/bin/groff", ["-man", "-ww", "-Tutf8", file], ranks: nil).run()
    #expect(outcome.succeeded && outcome.standardError.isEmpty, "\(outcome)")
    for part in ["evaluate", "--steps-per-epoch", "CHECKPOINT LIST", "75 stopped on request"] {
      #expect(page.standardOutput.replacingOccurrences(of: "\\-", with: "-").contains(part), "\(part)")
    }
  }

  @Test
  func whatMeansSomethingToTheFormatsIsEscaped() {
    let argument = CommandDescription.Argument(
      kind: .option, shouldDisplay: true, sectionTitle: nil, isOptional: true, isRepeating: false,
      names: [.init(kind: .long, name: "a"), .init(kind: .short, name: "b")], valueName: "x|y", defaultValue: "\\",
      allValues: nil, abstract: ".one\ntwo")
    let command = CommandDescription(
      commandName: "c", abstract: "'quoted", discussion: nil, shouldDisplay: true, subcommands: nil,
      arguments: [argument])
    let all = CommandDescription(
      commandName: "p", abstract: nil, discussion: nil, shouldDisplay: true, subcommands: [command], arguments: nil)
    #expect(all.markdown().contains("| `-b, --a <x\\|y>` | .one two | `\\` |"))
    let lines = all.manualPage(version: "1").split(separator: "\n")
    #expect(lines.contains("\\&'quoted") && lines.contains("\\fB\\-b, \\-\\-a <x|y>\\fR"))
    #expect(lines.contains("\\&.one two (default: \\e)"))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func everyShellGetsItsCompletions(shell: String) throws {
    let outcome = try launch(["--generate-completion-script", shell])
    #expect(outcome.succeeded && outcome.standardOutput.contains("steps-per-epoch"), "\(outcome)")
  }

  @Test(arguments: [
    ("trian", "train"), ("evalute", "evaluate"), ("sperate", "separate"), ("xyz", nil), ("info2", "info"), ("", nil),
  ])
  func aMisspeltNameFindsItsNeighbour(word: String, name: String?) {
    #expect(NearestName.of(word, among: ["train", "evaluate", "separate", "info", "data"]) == name)
  }

  @Test
  func distancesCountEdits() {
    #expect(NearestName.distance("", "abc") == 3 && NearestName.distance("abc", "") == 3)
    #expect(NearestName.distance("ab", "ba") == 1 && NearestName.distance("kitten", "sitting") == 3)
  }

  @Test
  func aMisspeltCommandIsSuggested() throws {
    let outcome = try launch(["evalute", "--weights", "w"])
    #expect(
      outcome.exitCode == 64
        && outcome.standardError.contains("there is no command 'evalute'; did you mean 'evaluate'?"), "\(outcome)")
  }
}
