import ArgumentParser

/// What is known of nodes and steps, for the checks.
struct ExpectationOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Cores of a node.", valueName: "number"))
  var coresPerNode: Int?

  @Option(
    help: ArgumentHelp(
      "What launcher benchmark step --json printed for this network and batch: times and memory.", valueName: "file"))
  var measured: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Seconds of a step, in place of a measurement's.", valueName: "seconds")
  )
  var stepTime: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Memory of a rank, in place of a measurement's.", valueName: "size"))
  var residentSize: MemorySize?

  /// What is known of the steps of `train`.
  func measurement(train: Train, ranks: Int, threads: Int) throws -> StepMeasurement {
    if let stepTime, !(stepTime > 0 && stepTime < 1e6) {
      throw UsageError(option: "--step-time", reason: "\(stepTime) is no number of seconds above 0")
    }
    guard let measured else { return StepMeasurement(stepSeconds: stepTime, residentBytes: residentSize?.bytes) }
    var measurement = try StepMeasurement(file: measured, train: train, ranks: ranks, threads: threads)
    if let stepTime { (measurement.stepSeconds, measurement.validationSeconds) = (stepTime, nil) }
    if let residentSize { measurement.residentBytes = residentSize.bytes }
    return measurement
  }
}
