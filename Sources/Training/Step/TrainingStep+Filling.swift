package import Dataset

extension TrainingStep {
  /// Mixes this rank's pairs of step `number`, counted from 0, into the networks' inputs and targets. Local.
  package func fill(step number: Int, from generator: MixingGenerator) {
    for (pairs, network) in zip(slicing.slices(ofRank: rank), network.slices) {
      unsafe generator.fill(step: number, pairs: pairs, mixed: network.input, targets: network.targets)
    }
  }
}
