import Model

extension RunConfiguration {
  enum CodingKeys: String, CodingKey {
    case network, precision, recipe, initialWeights, learningRate, warmUp, coolDown, frozenPart, loss, optimizer,
      weightDecay, clipNorm, averageDecay
    case epochs, timeBudget, stepsPerEpoch, globalBatch, validationSteps, seed, threads
    case data, sources, output, resume, checkpointEvery, keep, logEvery, trace, evaluationRounds, evaluationPairs
    case bucketBytes, wire, slices, balance
  }

  /// Reads what a checkpoint or another rank holds. What an older program did not know yet has its usual value: that was what the
  /// run did.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
      if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
    }
    self.init()
    // Every program wrote this: without it the text is no configuration.
    network = try values.decode(UNetConfiguration.self, forKey: .network)
    try read(.precision, into: &precision)
    try read(.recipe, into: &recipe)
    initialWeights = try values.decodeIfPresent(String.self, forKey: .initialWeights)
    try read(.learningRate, into: &learningRate)
    try read(.warmUp, into: &warmUp)
    coolDown = try values.decodeIfPresent(Double.self, forKey: .coolDown)
    frozenPart = try values.decodeIfPresent(Double.self, forKey: .frozenPart)
    try read(.loss, into: &loss)
    try read(.optimizer, into: &optimizer)
    try read(.weightDecay, into: &weightDecay)
    clipNorm = try values.decodeIfPresent(Double.self, forKey: .clipNorm)
    try read(.averageDecay, into: &averageDecay)
    try read(.epochs, into: &epochs)
    timeBudget = try values.decodeIfPresent(Int.self, forKey: .timeBudget)
    try read(.stepsPerEpoch, into: &stepsPerEpoch)
    try read(.globalBatch, into: &globalBatch)
    try read(.validationSteps, into: &validationSteps)
    try read(.seed, into: &seed)
    try read(.threads, into: &threads)
    try read(.data, into: &data)
    try read(.sources, into: &sources)
    try read(.output, into: &output)
    try read(.resume, into: &resume)
    try read(.checkpointEvery, into: &checkpointEvery)
    try read(.keep, into: &keep)
    try read(.logEvery, into: &logEvery)
    try read(.trace, into: &trace)
    try read(.evaluationRounds, into: &evaluationRounds)
    try read(.evaluationPairs, into: &evaluationPairs)
    try read(.bucketBytes, into: &bucketBytes)
    try read(.wire, into: &wire)
    try read(.slices, into: &slices)
    try read(.balance, into: &balance)
  }
}
