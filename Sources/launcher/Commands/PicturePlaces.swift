import Dataset

/// Where the published pictures are, and whether they are the published ones.
struct PicturePlaces: Encodable {
  /// One source's files.
  struct Source: Encodable {
    /// The folder of its training pictures; nil where they are missing.
    var path: String?
    /// SHA-256 of each file's uncompressed content; nil where it is missing or damaged.
    var sha256: [String: String?]
    /// Whether all pictures are there and right.
    var complete: Bool
    /// A line for each file that is there and wrong.
    var problems: [String]

    init(_ findings: [DatasetChecker.Finding]) {
      path = findings.lazy.compactMap(\.path).first.map { path in
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      }
      sha256 = Dictionary(uniqueKeysWithValues: findings.map { ($0.file.name, $0.sha256) })
      complete = findings.allSatisfy { $0.matches || !$0.file.isRequired }
      problems = findings.compactMap { finding in
        guard let path = finding.path, !finding.matches else { return nil }
        return finding.problem ?? "\(path): not the published content: SHA-256 is \(finding.sha256 ?? "unknown")"
      }
    }

    enum CodingKeys: CodingKey { case path, sha256, complete, problems }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      // As null where there is none: every key is always there.
      try container.encode(path, forKey: .path)
      try container.encode(sha256, forKey: .sha256)
      try container.encode(complete, forKey: .complete)
      try container.encode(problems, forKey: .problems)
    }
  }

  var mnist: Source
  var fashion: Source
  /// The folder that an option or UNMIX_DATA names; nil where the usual places were looked at.
  private let named: String?
  /// What a run takes that takes no published pictures, in words.
  private let others: String?

  enum CodingKeys: CodingKey { case mnist, fashion }

  /// Looks where training would look for `choice`. Throws `DatasetError` for a choice without files of its own.
  init(_ choice: DataChoice) throws {
    named = choice.data ?? choice.environment.flatMap { $0.isEmpty ? nil : $0 }
    others = try choice.request.others()
    let findings = try DatasetChecker(choice.request).check()
    mnist = Source(findings.filter { $0.file.source == "mnist" })
    fashion = Source(findings.filter { $0.file.source == "fashion" })
  }

  private var all: [(name: String, source: Source)] { [("mnist", mnist), ("fashion", fashion)] }

  /// 65 where a file is wrong, 66 where pictures are missing.
  var status: ExitStatus {
    if all.contains(where: { !$0.source.problems.isEmpty }) { return .badData }
    return all.allSatisfy(\.source.complete) ? .done : .inputMissing
  }

  /// On one line.
  var summary: String {
    if let others { return others }
    return all.map { name, source in
      let place = source.path ?? "not found" + (named.map { " in \($0)" } ?? "")
      return "\(name) \(place)" + (source.problems.isEmpty ? "" : " (damaged)")
    }.joined(separator: ", ")
  }

  /// Prints the result, and the problems to standard error.
  func report(json: Bool) {
    for problem in all.flatMap(\.source.problems) { Output.note(problem) }
    if json { return Output.json(self) }
    Output.line(
      table(
        all.map { name, source in
          let state = source.complete ? "complete" : source.problems.isEmpty ? "incomplete" : "damaged"
          return (name: name, value: source.path.map { "\($0)  \(state)" } ?? "not found")
        }))
    if status == .inputMissing {
      Output.note("launcher data fetch downloads what is missing; training without it takes synthetic pictures")
    }
  }
}
