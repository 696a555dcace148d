import Foundation
import TestSupport
import Testing

/// What docs/troubleshooting.md shows is what the program says.
struct TroubleshootingTests {
  private static let page = Fixtures.root + "/docs/troubleshooting.md"

  /// A command of the page, the lines it prints and its exit code.
  struct Example: CustomTestStringConvertible {
    var command: String
    var output: String
    var testDescription: String { command }
  }

  /// The blocks of the page: `$ command`, what it prints, `exit code N`.
  private static func examples() throws -> [Example] {
    let text = try String(contentsOfFile: page, encoding: .utf8)
    var (examples, isInside) = ([Example](), false)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside, line.hasPrefix("$ ") {
        examples.append(Example(command: String(line.dropFirst(2)), output: ""))
      } else if isInside, !line.isEmpty {
        try #require(!examples.isEmpty)
        examples[examples.count - 1].output += line + "\n"
      }
    }
    return examples
  }

  /// What the command prints in a folder of its own, with its exit code as the last line.
  private static func run(_ command: String) throws -> String {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: Fixtures.checkpointOfVersion1, toPath: folder.path + "/checkpoint.safetensors")
    let path = "\(MPIRun.builtProducts):/usr/bin:/bin"
    let outcome = try MPIRun(
      "/bin/bash", ["-c", command], ranks: nil, environment: ["PATH": path, "UNMIX_DATA": ""], folder: folder.path
    ).run()
    return outcome.standardOutput + outcome.standardError + "exit code \(outcome.exitCode)\n"
  }

  @Test
  func everyMessageOnThePageIsTheProgramsOwn() throws {
    let examples = try Self.examples()
    #expect(examples.count >= 15)
    if ProcessInfo.processInfo.environment["UNMIX_RENEW_GOLDEN"] != nil { try Self.renew() }
    for example in examples {
      let printed = try Self.run(example.command)
      #expect(printed == example.output, "\(example.command) prints\n\(printed)instead of\n\(example.output)")
      #expect(!printed.hasSuffix("exit code 0\n"), "\(example.command)")
    }
  }

  /// Writes what the program prints under every command of the page.
  private static func renew() throws {
    var (lines, isInside) = ([String](), false)
    for line in try String(contentsOfFile: page, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if line.hasPrefix("```") { isInside = line == "```console" }
      if isInside, line.hasPrefix("$ ") {
        if lines.last?.hasPrefix("```") == false { lines.append("") }
        lines += [String(line)] + (try run(String(line.dropFirst(2)))).dropLast().components(separatedBy: "\n")
      } else if !isInside || line.hasPrefix("```") {
        lines.append(String(line))
      }
    }
    try lines.joined(separator: "\n").write(toFile: page, atomically: true, encoding: .utf8)
    Issue.record("\(page) is written anew; look at it and run the tests without UNMIX_RENEW_GOLDEN")
  }
}
