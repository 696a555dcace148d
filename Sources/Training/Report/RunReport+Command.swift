import Model

extension RunReport {
  /// The command that does the same again in a folder of its own: what differs from the recipe's usual, and what the machine decided.
  var command: String {
    let usual = usualValues
    var words = ranks > 1 ? ["mpirun", "-n", "\(ranks)"] : []
    words += ["launcher", "train"]
    for option in options where !["output", "resume"].contains(option.name) {
      // What is usual depends on the recipe, and the machine's choices may be others elsewhere.
      let isAlwaysSaid = ["recipe", "precision", "threads"].contains(option.name)
      guard isAlwaysSaid || usual[option.name] != option.value else { continue }
      words += ["--\(option.name)", option.value]
    }
    if isSynthetic && !words.contains("--data") { words += ["--data", "synthetic"] }
    return words.map(ShellWord.quote).joined(separator: " ")
  }

  /// What each option is where the command does not say it.
  private var usualValues: [String: String] {
    func value(_ name: String) -> String? { options.first { $0.name == name }?.value }
    let recipe = value("recipe") ?? start.recipe
    let optimizer = value("optimizer").flatMap(UpdateRule.Method.init(rawValue:))
    let timeBudget = value("time-budget").flatMap(Int.init)
    let usual = RunConfiguration(recipe: recipe)
    // The other usual values follow from these, said or not.
    let derived = RunConfiguration(
      recipe: recipe, optimizer: optimizer, epochs: value("epochs").flatMap(Int.init) ?? usual.epochs,
      timeBudget: timeBudget, stepsPerEpoch: value("steps-per-epoch").flatMap(Int.init) ?? usual.stepsPerEpoch,
      globalBatch: value("global-batch").flatMap(Int.init) ?? usual.globalBatch)
    var values = Self.texts(derived)
    let own = Self.texts(usual)
    for name in ["optimizer", "time-budget", "steps-per-epoch", "global-batch"] { values[name] = own[name] }
    values["epochs"] = "\(RunConfiguration(recipe: recipe, timeBudget: timeBudget).epochs)"
    return values
  }

  private static func texts(_ configuration: RunConfiguration) -> [String: String] {
    Dictionary(
      configuration.options.compactMap { name, value in value?.scalar.map { (name, $0.string) } },
      uniquingKeysWith: { first, _ in first })
  }
}
