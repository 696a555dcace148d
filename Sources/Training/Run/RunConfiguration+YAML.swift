import Dataset
import Distributed
import Yams

extension RunConfiguration {
  /// What a run found beside what it was asked for.
  struct Surroundings {
    var plan: RunPlan
    var hosts: [String]
    var dataName: String
    var dataFingerprint: String
    var resumePoint: String
  }

  /// The text of config.yaml: the options under their names on the command line, so that `--config` reads it, and under
  /// `decided` what followed from the machine and the data.
  func yaml(_ surroundings: Surroundings) throws -> String {
    var entries = options
    let plan = surroundings.plan
    let decided: [(String, Node?)] = [
      ("data", text(surroundings.dataName)), ("data-sha256", text(surroundings.dataFingerprint)),
      ("heads", .sequence(.init(network.heads.map(text)))), ("ranks", number(plan.ranks)),
      ("hosts", .sequence(.init(surroundings.hosts.map(text)))),
      ("slices", .sequence(.init(plan.slices.map { text("\($0[0])..<\($0[1])") }))),
      ("instruction-set", text(plan.instructionSet)), ("mpi", text(plan.mpi)), ("onednn", text(plan.oneDNN)),
      ("resume-point", text(surroundings.resumePoint)),
    ]
    entries.append(("decided", mapping(decided)))
    return try Yams.serialize(node: mapping(entries), width: -1, allowUnicode: true)
  }

  /// The options under their names on the command line, in the order of config.yaml; nil for one that was not given.
  var options: [(String, Node?)] {
    [
      ("base-channels", number(network.baseChannels)), ("blocks", number(network.blocks)),
      ("convolutions-per-block", number(network.convolutionsPerBlock)), ("precision", text(precision.rawValue)),
      ("recipe", text(recipe)), ("initial-weights", initialWeights.map(text)),
      ("learning-rate", number(learningRate)),
      ("warm-up", number(warmUp)), ("cool-down", recipe == "fast" ? number(coolDown ?? 0) : coolDown.map(number)),
      ("freeze-statistics", recipe == "fast" ? number(frozenPart ?? 0) : frozenPart.map(number)),
      ("loss", text(loss.rawValue)),
      ("optimizer", text(optimizer.rawValue)), ("weight-decay", number(weightDecay)),
      ("clip-norm", clipNorm.map(number)), ("average-decay", number(averageDecay)),
      ("epochs", number(epochs)), ("time-budget", timeBudget.map(number)),
      ("steps-per-epoch", number(stepsPerEpoch)), ("global-batch", number(globalBatch)),
      ("validation-steps", number(validationSteps)), ("seed", number(seed)), ("threads", number(threads)),
      ("data", data.map(text)), ("sources", sources.map(text)), ("output", text(output)), ("resume", text(resume)),
      ("checkpoint-every", checkpointEvery.map(number)), ("keep", number(keep)),
      ("log-every", number(logEvery)), ("trace", trace.map(text)), ("rounds", number(evaluationRounds)),
      ("pairs", number(evaluationPairs)), ("bucket-bytes", number(bucketBytes)), ("wire", text(wire.rawValue)),
      ("slices", slices.map(number)), ("balance", text(balance.rawValue)),
    ]
  }

  private func mapping(_ pairs: [(String, Node?)]) -> Node {
    .mapping(Node.Mapping(pairs.compactMap { key, value in value.map { (Node(key), $0) } }))
  }

  private func number(_ value: some CustomStringConvertible) -> Node { Node("\(value)") }

  /// A scalar that reads back as a text, whatever it looks like.
  private func text(_ value: String) -> Node {
    let isPlain =
      value.allSatisfy { $0.isASCII && ($0.isLetter || "/._-".contains($0)) } && value.contains { $0.isLetter }
    let isWord = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(value.lowercased())
    return .scalar(.init(value, .implicit, isPlain && !isWord ? .any : .doubleQuoted))
  }
}
