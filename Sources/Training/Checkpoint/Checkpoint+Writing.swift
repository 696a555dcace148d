import Model

extension Checkpoint {
  /// What a checkpoint holds beside the weights.
  package struct Description: Sendable {
    package var configuration: RunConfiguration
    package var state: TrainingState
    package var plan: RunPlan
    /// The data's name, "synthetic" where it was drawn.
    package var dataName: String
    /// SHA-256 of the pictures.
    package var dataFingerprint: String

    package init(
      configuration: RunConfiguration, state: TrainingState, plan: RunPlan, dataName: String, dataFingerprint: String
    ) {
      (self.configuration, self.state, self.plan) = (configuration, state, plan)
      (self.dataName, self.dataFingerprint) = (dataName, dataFingerprint)
    }
  }

  /// Writes a checkpoint to `path` as one change, on the disk when this returns.
  ///
  /// Throws ``FileError``; `path` then holds what it held before, or, where only its folder could not be flushed, the new one.
  static func write(
    to path: String, _ description: Description, layout: ParameterLayout, _ buffers: RunBuffers
  ) throws {
    let image = CheckpointImage(description, layout: layout, buffers)
    try FileSystem.replace(path) { image.write(to: $0) }
  }
}
