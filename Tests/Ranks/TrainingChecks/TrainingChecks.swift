import Dataset
import Distributed
import Glibc
import Model
import Training

/// Small training runs as ranks, for tests that read what they print: `name value` lines of rank 0.
///
///     TrainingChecks train OPTION=VALUE...      a run of the trainer; see `configuration`
///     TrainingChecks step OPTION=VALUE...       one step: losses and gradient
///     TrainingChecks evaluate OPTION=VALUE...   an evaluation of the initial weights
///     TrainingChecks benchmark OPTION=VALUE...
///     TrainingChecks save from=CHECKPOINT output=FOLDER   writes the checkpoint's run, one step later, as a run does, alone
@main
struct TrainingChecks {
  static func main() {
    do {
      let options = Options(Array(CommandLine.arguments.dropFirst(2)))
      if CommandLine.arguments.dropFirst().first == "save" { return try SavedRun(options).save() }
      let world = try Communicator.world()
      switch CommandLine.arguments.dropFirst().first {
      case "train": try train(options, world)
      case "step": try takeStep(options, world)
      case "evaluate": try evaluate(options, world)
      case "benchmark": try benchmark(options, world)
      case let name: throw RunError.usage(option: "command", reason: "there is no \(name ?? "empty one")")
      }
      try Communicator.finalize()
    } catch {
      put("TrainingChecks: \(error)", to: STDERR_FILENO)
      Communicator.abort(code: 1)
    }
  }

  private static func train(_ options: Options, _ world: Communicator) throws {
    let reporter = ConsoleReporter()
    // The others' configuration is wrong: rank 0's must reach them.
    let configuration = world.rank == 0 ? options.configuration : RunConfiguration()
    let topology = try Topology(world)
    if let timeout = options.number("stall-timeout") {
      let settings = WatchdogSettings(program: "TrainingChecks", stallTimeout: timeout)
      try Watchdog.start(settings, communicator: world, topology: topology)
    }
    let trainer = try Trainer(
      configuration: configuration, sources: options.sources(rank: world.rank), communicator: world,
      topology: topology, reporter: reporter)
    if let rank = options.number("hang-on-rank"), rank == world.rank {
      var asked = 0
      trainer.isAskedToStop = {
        asked += 1
        // Like a file system that does not answer.
        if asked == 5 { sleep(1000) }
        return false
      }
    }
    if let limit = options.number("stop-after") {
      var asked = 0
      trainer.isAskedToStop = {
        asked += 1
        // One rank's wish is enough.
        return world.rank == world.size - 1 && asked == limit
      }
    }
    if let limit = options.number("die-after") {
      var asked = 0
      trainer.isAskedToStop = {
        asked += 1
        if world.rank == 0 && asked > limit {
          if let step = options.number("after-checkpoint") {
            let file = CheckpointFolder("\(options.configuration.output)/checkpoints").file(step: step)
            while unsafe access(file, F_OK) != 0 { usleep(1000) }
          }
          kill(getpid(), SIGKILL)
        }
        return false
      }
    }
    if let rank = options.number("flip-bit-on-rank"), rank == world.rank {
      var asked = 0
      trainer.isAskedToStop = {
        asked += 1
        // Bit 8 of one weight: too little to be seen in any loss.
        let weight = unsafe trainer.step.values.elements[0]
        if asked == 7 { unsafe trainer.step.values.elements[0] = Float(bitPattern: weight.bitPattern ^ 256) }
        return false
      }
    }
    let outcome = try trainer.run()
    guard world.rank == 0 else { return }
    put("folder \(outcome.runFolder)")
    put("epochs \(outcome.epochs)")
    put("steps \(outcome.steps)")
    put("best \(outcome.bestValidationLoss)")
    put("early \(outcome.stoppedEarly)")
    put("requested \(outcome.stoppedOnRequest)")
    if let evaluation = outcome.evaluation { put("evaluation \(evaluation.json())") }
  }

  private static func takeStep(_ options: Options, _ world: Communicator) throws {
    let (step, configuration) = try options.step(world)
    let generator = MixingGenerator(
      sources: options.sources, stream: .training, seed: configuration.seed, imageSize: 32)
    // The second pass overwrites the first one's sums: they must not be added twice.
    for _ in 0..<2 {
      step.fill(step: 0, from: generator)
      if let bad = options.number("infinity-on-rank"), bad == world.rank {
        unsafe step.network.slices[0].targets[0] = .infinity
      }
      let losses = try step.computeGradients()
      if world.rank == 0 { put("losses \(losses.first) \(losses.second)") }
    }
    let digest = step.gradients.array().reduce(0.0) { $0 + Double($1).magnitude }
    if world.rank == 0 {
      put("sum \(digest)")
      put("messages \(step.traffic.gradients.messages)")
      put("bytes \(step.traffic.gradients.bytes)")
      put("gradient " + step.gradients.array().map { "\($0.bitPattern)" }.joined(separator: ","))
    }
  }

  private static func evaluate(_ options: Options, _ world: Communicator) throws {
    let (step, configuration) = try options.step(world)
    let evaluator = try Evaluator(
      network: configuration.network, values: step.values, precision: configuration.precision,
      sources: options.sources, communicator: world)
    let result = try evaluator.evaluate(
      rounds: configuration.evaluationRounds, pairs: configuration.evaluationPairs, seed: configuration.seed,
      split: .test)
    if world.rank == 0 { put("evaluation \(result.json())") }
  }

  private static func benchmark(_ options: Options, _ world: Communicator) throws {
    let benchmark = try StepBenchmark(
      configuration: options.configuration, sources: options.sources, communicator: world)
    let result = try benchmark.run(warmUp: 2, steps: options.number("steps") ?? 5)
    if world.rank == 0 { put("benchmark \(result.json())") }
  }

  private static func put(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes[done...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { exit(1) }
      done += written
    }
  }
}
