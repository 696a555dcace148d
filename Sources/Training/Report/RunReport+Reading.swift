import Model
import Yams

extension RunReport {
  /// Reads the run folder at `folder`; files that the run has not written yet are left out.
  ///
  /// Throws ``ReportError``, `SafeTensorsError` for damaged pictures, ``FileError`` for what cannot be read.
  package init(contentsOf folder: String) throws {
    let files = RunFolder(existing: folder)
    guard FileSystem.isDirectory(files.path) else { throw ReportError.missingFolder(path: files.path) }
    let events = FileSystem.exists(files.events) ? try EventLog.events(in: files.events) : []
    guard let report = RunReport(folder: files.path, events: events) else {
      throw ReportError.noRun(path: files.path)
    }
    self = report
    if FileSystem.exists(files.configuration) { try readConfiguration(files.configuration) }
    if FileSystem.exists(files.sampleSet) { samples = try SampleSet(SafeTensorsFile(contentsOf: files.sampleSet)) }
  }

  private mutating func readConfiguration(_ path: String) throws {
    let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw ReportError.damaged(path: path, problem: "no YAML")
    }
    guard let entries = node?.mapping else { throw ReportError.damaged(path: path, problem: "no NAME: VALUE") }
    for (key, value) in entries {
      guard let name = key.string else { continue }
      if name == "decided" {
        decided = Self.entries(value)
      } else {
        options.append(Entry(name: name, value: Self.text(value)))
      }
    }
  }

  private static func entries(_ node: Node) -> [Entry] {
    (node.mapping ?? [:]).compactMap { key, value in key.string.map { Entry(name: $0, value: text(value)) } }
  }

  private static func text(_ node: Node) -> String {
    node.sequence?.map(text).joined(separator: ", ") ?? node.scalar?.string ?? ""
  }
}
