extension ReportPage {
  /// Where the data came from, the command, and all that was decided.
  static func addConfiguration(of run: RunReport, to page: inout Markup) {
    page.element("section") { section in
      section.element("h2", "The same again")
      section.element("p", "This command does the run again, in a run folder of its own:")
      section.element("pre") { $0.element("code", run.command) }
      section.element("h3", "Data")
      section.element("p") { text in
        if run.isSynthetic {
          text.element("strong", "Synthetic: ")
          text.text("drawn by this program from the seed, neither MNIST nor Fashion-MNIST.")
        } else {
          text.text("Read from ")
          text.element("code", run.start.data)
          text.text(".")
        }
        if let digest = run.decided.first(where: { $0.name == "data-sha256" })?.value {
          text.text(" SHA-256 over all pictures: ")
          text.element("code", digest)
          text.text(".")
        }
      }
      guard !run.options.isEmpty else { return }
      section.element("h3", "Options")
      add(run.options, to: &section)
      section.element("h3", "Decided by machine and data")
      add(run.decided.filter { $0.name != "data-sha256" }, to: &section)
      let resumes = run.starts.dropFirst().map { grouped($0.step) }
      if !resumes.isEmpty {
        section.element("p", ["class": "note"], "Resumed after step " + resumes.joined(separator: ", ") + ".")
      }
    }
  }

  private static func add(_ entries: [RunReport.Entry], to page: inout Markup) {
    page.element("dl") { list in
      for entry in entries where !entry.value.isEmpty {
        list.element("div") { pair in
          pair.element("dt", entry.name)
          pair.element("dd", entry.value)
        }
      }
    }
  }
}
