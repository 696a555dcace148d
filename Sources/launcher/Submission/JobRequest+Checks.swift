import Training

extension JobRequest {
  /// Seconds before the end of the wall time at which a job's script asks the run to stop (`--signal=B:USR1@120`, `MARGIN`).
  static let warning = 120
  /// How often a script puts its job back into the queue (`MOST_REQUEUES`).
  static let mostRequeues = 100

  /// Throws ``UsageError`` for the first thing that would make the batch system refuse the job, or start what was not meant.
  func checkDirectives() throws(UsageError) {
    try check(nodes, in: 1...100_000, "--nodes")
    try check(tasksPerNode, in: 1...4096, "--tasks-per-node")
    try check(threads, in: 1...4096, "--cpus-per-task")
    try checkWord(jobName, "--job-name")
    if let queue { try checkWord(queue, dialect == .slurm ? "--partition" : "--queue") }
    if let account { try checkWord(account, "--account") }
    for option in options { try check(option: option) }
    if dialect == .torque { try checkTorque() }
    guard launcher.split(separator: "/").last == "launcher" else {
      throw UsageError(
        option: "--launcher",
        reason: "\(ShellWord.quote(launcher)) is not called launcher, the name by which launcher supervise finds it")
    }
  }

  private func check(_ value: Int, in range: ClosedRange<Int>, _ option: String) throws(UsageError) {
    guard range.contains(value) else {
      throw UsageError(option: option, reason: "\(value) is not \(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// A value in a directive is one word: what follows a space would be another option, and what follows a line's end another line
  /// of the script.
  private func checkWord(_ text: String, _ option: String) throws(UsageError) {
    let isWord = text.unicodeScalars.allSatisfy { scalar in
      scalar.value > 0x20 && scalar.value != 0x7F && !scalar.properties.isWhitespace
        && !"#'\"\\;".unicodeScalars.contains(scalar)
    }
    guard !text.isEmpty, isWord, !text.hasPrefix("-") else {
      throw UsageError(
        option: option,
        reason:
          "\(ShellWord.quote(text)) cannot stand in a directive; give one word without spaces, line ends or quotes")
    }
  }

  private func check(option text: String) throws(UsageError) {
    let shown = ShellWord.quote(text)
    guard text.hasPrefix("-"), text.count >= 2 else {
      throw UsageError(option: "--option", reason: "\(shown) is no option of \(dialect.title), which begin with a dash")
    }
    guard !text.contains(where: \.isNewline), !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
      throw UsageError(option: "--option", reason: "\(shown) holds more than one line; give --option once for each")
    }
    // Torque has neither.
    let foreign = dialect == .torque ? dialect.resources(of: text).first { ["select", "place"].contains($0) } : nil
    if let foreign {
      throw UsageError(
        option: "--option", reason: "\(shown): -l \(foreign) is OpenPBS's, Torque has none; give --dialect openpbs")
    }
    if let own = dialect.option(inPlaceOf: text) {
      throw UsageError(option: "--option", reason: "\(shown) would be passed on unchecked; give \(own) instead")
    }
  }

  private func checkTorque() throws(UsageError) {
    guard threads == 1 else {
      throw UsageError(
        option: "--cpus-per-task",
        reason:
          "Torque has one rank for each core of ppn, not \(threads) cores a rank; give 1 and more --tasks-per-node")
    }
    if memory != nil {
      throw UsageError(
        option: "--memory",
        reason: "Torque does not count memory by node; give --option=\"-l pmem=SIZE\", for each process")
    }
    guard jobName.utf8.count <= 15, jobName.first?.isLetter == true else {
      throw UsageError(
        option: "--job-name", reason: "\(jobName): Torque takes at most 15 characters of which the first is a letter")
    }
  }

  /// Throws ``UsageError`` where a node has fewer cores than its ranks have threads; what could not be looked at.
  func checkCores(ofNode coresPerNode: Int?) throws(UsageError) -> [String] {
    guard let coresPerNode else {
      return ["not checked: whether a node has \(cores) cores; say what it has by --cores-per-node"]
    }
    try check(coresPerNode, in: 1...1_000_000, "--cores-per-node")
    guard cores <= coresPerNode else {
      throw UsageError(
        option: "--tasks-per-node",
        reason:
          "\(tasksPerNode) ranks of \(threads) threads need \(cores) cores, a node has \(coresPerNode); give at most "
          + "\(max(1, coresPerNode / threads)), or a smaller --cpus-per-task")
    }
    return []
  }

  /// Throws ``UsageError`` where the ranks asked for cannot do, or would idle in, the run; what should be known.
  func checkRun(_ training: TrainingArguments) throws(UsageError) -> [String] {
    let train = training.train
    if training.namesThreads, let threads = train.compute.threads, threads > self.threads {
      throw UsageError(
        option: "--threads",
        reason:
          "\(threads) for each rank, which has --cpus-per-task \(self.threads); leave it out, or give --cpus-per-task \(threads)"
      )
    }
    if let problem = Slicing.problem(fixed: train.slices.slices, ranks: ranks) {
      throw UsageError(option: "--slices", reason: problem + "; change --slices, --nodes or --tasks-per-node")
    }
    let batch = train.recipe.batch.globalBatch
    guard batch >= ranks else {
      throw UsageError(
        option: "--global-batch",
        reason: "\(batch) pairs for \(ranks) ranks leave some without any; give fewer ranks or a larger --global-batch")
    }
    guard train.stop.stopSignals.signals.contains(.usr1) else {
      throw UsageError(
        option: "--stop-signals",
        reason: "USR1 is missing, by which the job asks the run to stop with a checkpoint; without it the signal kills")
    }
    guard train.folder.resume == "never" else { return [] }
    return ["--resume never: a job that goes back into the queue starts there again"]
  }

  /// Throws ``UsageError`` where a node's ranks hold more memory than is asked for; what could not be looked at.
  func checkMemory(residentBytes: Int?) throws(UsageError) -> [String] {
    guard let residentBytes else {
      return ["not checked: memory; say what a rank holds by --measured or --resident-size"]
    }
    let mebibytes = { (bytes: Int) in (bytes >> 20) + (bytes % (1 << 20) > 0 ? 1 : 0) }
    let (ofNode, overflow) = tasksPerNode.multipliedReportingOverflow(by: residentBytes)
    guard !overflow else {
      throw UsageError(
        option: "--resident-size",
        reason: "\(tasksPerNode) ranks of \(mebibytes(residentBytes)) MiB are more than can be counted; give less")
    }
    let needed = mebibytes(ofNode)
    let words = "\(tasksPerNode) ranks of \(mebibytes(residentBytes)) MiB hold \(needed) MiB of a node"
    guard let memory else { return ["not checked: memory; \(words), and --memory does not say what is asked for"] }
    guard ofNode <= memory.bytes else {
      throw UsageError(
        option: "--memory",
        reason:
          "\(words), \(memory.slurm) is too little; give --memory \(needed + needed / 8)M or fewer --tasks-per-node")
    }
    return []
  }

  /// Seconds before the end of the wall time at which the run is asked to stop.
  func margin(_ train: Train) -> Int { max(Self.warning, train.stop.stopBefore.seconds) }

  /// Throws ``UsageError`` where the wall time is too short to get anywhere; how many jobs the run takes.
  func checkTime(_ measurement: StepMeasurement, train: Train) throws(UsageError) -> [String] {
    let margin = margin(train)
    let usable = time.seconds - margin
    guard usable > 0 else {
      throw UsageError(
        option: "--time",
        reason: "\(time.words) is over when the run is asked to stop, \(margin) s before the end; give more")
    }
    guard let step = measurement.stepSeconds else {
      return ["not checked: wall time; say what a step takes by --measured or --step-time"]
    }
    let interval = train.folder.checkpointEvery ?? train.recipe.stepsPerEpoch
    let needed = Double(interval) * step + Double(margin)
    guard needed <= Double(time.seconds) else {
      let most = Int(Double(usable) / step)
      let advice = most > 0 ? ", or --checkpoint-every \(most) or less" : ""
      throw UsageError(
        option: "--time",
        reason:
          "\(time.words) holds no checkpoint: \(interval) steps of \(Float(step)) s and \(margin) s of warning take "
          + "\(Self.words(needed)); give that much\(advice)")
    }
    return [needs(measurement, step: step, train: train, usable: usable)]
  }

  private func needs(_ measurement: StepMeasurement, step: Double, train: Train, usable: Int) -> String {
    let (epochs, steps) = (train.recipe.epochCount, train.recipe.stepsPerEpoch)
    let validation = measurement.validationSeconds.map { $0 * Double(train.recipe.validationSteps) }
    let allSeconds = Double(epochs) * (Double(steps) * step + (validation ?? 0))
    let budget = train.recipe.timeBudget.map { Double($0.seconds) }
    let seconds = min(allSeconds, budget ?? .infinity)
    let jobs = max(1, (seconds / Double(usable)).rounded(.up))
    let without = validation == nil ? "validation and closing evaluation" : "closing evaluation"
    // A run keeps to its budget to the nearest epoch, validations counted.
    let work =
      seconds < allSeconds
      ? "--time-budget lets training take about \(Self.words(seconds)), closing evaluation not counted"
      : "at most \(epochs) epochs of \(steps) steps of \(Float(step)) s take \(Self.words(seconds)), \(without) not counted"
    guard jobs > 1 else { return "\(work): one job of \(time.words)" }
    let count = jobs < 1e9 ? "\(Int(jobs))" : "\(jobs)"
    let bound = jobs > Double(Self.mostRequeues) ? ", which MOST_REQUEUES (\(Self.mostRequeues)) does not allow" : ""
    return
      "\(work): needs about \(count) jobs of \(time.words); each stops with a checkpoint and goes back into the queue\(bound)"
  }

  /// `seconds` to the minute, upwards.
  private static func words(_ seconds: Double) -> String {
    guard seconds < 1e12 else { return "\(Float(seconds)) s" }
    return WallTime(seconds: Int((seconds / 60).rounded(.up)) * 60).words
  }
}
