/// The checkpoints of a run: `step-0000001687.safetensors`, one for each step that was kept.
package struct CheckpointFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The file of `step`.
  package func file(step: Int) -> String {
    let digits = String(step)
    return "\(path)/step-\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).safetensors"
  }

  /// The steps of all checkpoints, ascending.
  package func steps() throws(FileError) -> [Int] {
    let steps = try FileSystem.names(in: path).compactMap { name -> Int? in
      guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
      let digits = name.dropFirst(5).dropLast(12)
      return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
    }
    return steps.sorted().filter { FileSystem.isFile(file(step: $0)) }
  }

  /// The newest checkpoint that is good; nil where there is none at all. `report` gets a line for each that is not.
  ///
  /// Only damage leads to the one before: a file that cannot be read now is tried again for some seconds, as it may be good.
  /// Throws ``CheckpointError/noneGood(folder:count:newest:)`` where there are some and none is good, `otherVersion` where the newest
  /// good one is not for this program, and ``FileError`` where the system refuses to read.
  package func newestGood(report: (String) -> Void) throws -> Checkpoint? {
    let steps = try steps()
    var newest: String?
    for step in steps.reversed() {
      do {
        let checkpoint = try Retry.run(report: report) { try Checkpoint(contentsOf: file(step: step)) }
        try checkpoint.checkValues()
        return checkpoint
      } catch let error as CheckpointError where error.isDamage {
        newest = newest ?? "\(error)"
        report("\(error)" + (step == steps.first ? "" : "; trying the one before"))
      }
    }
    guard let newest else { return nil }
    throw CheckpointError.noneGood(folder: path, count: steps.count, newest: newest)
  }

  /// Removes all but the newest `count` checkpoints.
  package func keepNewest(_ count: Int) throws {
    for step in try steps().dropLast(count) { try FileSystem.remove(file(step: step)) }
  }

  /// Gives the checkpoints after `step` another name: the run goes on from `step`, so they are no longer its own, and as
  /// the newest they would be taken for it. Returns the new names.
  package func setAside(after step: Int) throws -> [String] {
    try steps().filter { $0 > step }.map { later in
      let name = file(step: later) + ".superseded"
      var (new, number) = (name, 1)
      // One of that name may be there: of this step, from an earlier turn back.
      while FileSystem.exists(new) {
        number += 1
        new = "\(name)-\(number)"
      }
      try FileSystem.rename(file(step: later), to: new)
      return new
    }
  }
}
