import Model

extension Checkpoint {
  /// What a checkpoint holds beside the weights.
  struct Description {
    var configuration: RunConfiguration
    var state: TrainingState
    var plan: RunPlan
    var dataName: String
    var dataFingerprint: String
  }

  /// Writes a checkpoint to `path` as one change. `best` is nil before the first epoch is complete.
  ///
  /// Throws ``FileError``; `path` then holds what it held before.
  static func write(
    to path: String, _ description: Description, layout: ParameterLayout, current: AlignedBuffer<Float>,
    best: AlignedBuffer<Float>?, firstMoments: AlignedBuffer<Float>, secondMoments: AlignedBuffer<Float>
  ) throws {
    try FileSystem.writeAtomically(
      try serialized(
        description, layout: layout, current: current, best: best, firstMoments: firstMoments,
        secondMoments: secondMoments), to: path)
  }

  /// The bytes of the file, sealed.
  static func serialized(
    _ description: Description, layout: ParameterLayout, current: AlignedBuffer<Float>, best: AlignedBuffer<Float>?,
    firstMoments: AlignedBuffer<Float>, secondMoments: AlignedBuffer<Float>
  ) throws -> [UInt8] {
    var tensors = SafeTensorsFile.weights(current, layout: layout, prefix: currentPrefix)
    if let best { tensors += SafeTensorsFile.weights(best, layout: layout, prefix: bestPrefix) }
    for (name, buffer) in [(Self.firstMoments, firstMoments), (Self.secondMoments, secondMoments)] {
      tensors.append(.init(name: name, shape: [layout.trainedCount], values: buffer.array(0..<layout.trainedCount)))
    }
    var metadata = SafeTensorsFile.metadata(of: layout.configuration)
    metadata["format"] = format
    metadata["version"] = version
    metadata["configuration"] = JSONText.encode(description.configuration)
    metadata["state"] = JSONText.encode(description.state)
    metadata["plan"] = JSONText.encode(description.plan)
    metadata["data"] = description.dataName
    metadata["data_fingerprint"] = description.dataFingerprint
    metadata[Seal.key] = Seal.placeholder
    var bytes = try SafeTensorsFile(tensors: tensors, metadata: metadata).serialized()
    Seal.close(&bytes)
    return bytes
  }
}
