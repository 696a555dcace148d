package import Model

extension RunConfiguration {
  /// Epochs of the fast recipe where nothing is said, and the most of a run whose length is a time.
  package static let (usualEpochs, mostTimedEpochs) = (20, 1000)
  /// The decay of the average of the weights where a step has ``BatchScaling/referenceBatch`` pairs.
  package static let usualAverageDecay = 0.99
  /// The last part of a run in which statistics are frozen, and the largest global batch where they are: at larger ones freezing gains
  /// nothing or costs (docs/results.md).
  package static let (usualFrozenPart, mostFrozenBatch) = (0.6, 64)

  /// What is usual for a recipe, where nothing but what is named here was said.
  /// - Parameters:
  ///   - recipe: a name of a ``Recipe``; values of one that there is not are the notebook's.
  ///   - optimizer: the one that was asked for; nil for the recipe's own.
  package init(
    recipe: String, optimizer: UpdateRule.Method? = nil, epochs: Int? = nil, timeBudget: Int? = nil,
    stepsPerEpoch: Int? = nil, globalBatch: Int? = nil
  ) {
    self.init()
    (self.recipe, self.timeBudget) = (recipe, timeBudget)
    self.stepsPerEpoch = stepsPerEpoch ?? self.stepsPerEpoch
    self.optimizer = optimizer ?? self.optimizer
    self.epochs = epochs ?? self.epochs
    self.globalBatch = globalBatch ?? self.globalBatch
    guard recipe == "fast" else { return }
    self.optimizer = optimizer ?? .muon
    self.epochs = epochs ?? (timeBudget == nil ? Self.usualEpochs : Self.mostTimedEpochs)
    learningRate = self.optimizer == .muon ? 8e-3 : 3e-3
    // A run of less than two epochs keeps half its steps for the rest of its schedule; one that the clock ends may have but one epoch.
    let (steps, overflow) = self.stepsPerEpoch.multipliedReportingOverflow(by: timeBudget == nil ? self.epochs : 1)
    warmUp = max(0, min(200, self.stepsPerEpoch, overflow ? .max : steps / 2))
    (coolDown, loss) = (0.4, .rmse)
    frozenPart = self.globalBatch <= Self.mostFrozenBatch ? Self.usualFrozenPart : nil
    averageDecay = BatchScaling.decay(Self.usualAverageDecay, globalBatch: self.globalBatch)
  }
}
