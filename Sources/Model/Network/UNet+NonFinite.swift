extension UNet {
  /// The first convolution of the forward pass whose batch statistics, over all ranks, are not finite in the last training
  /// pass, as in "encoder.0.conv.1"; nil where all are.
  package var firstNonFiniteLayer: String? {
    for tensor in layout.tensors where tensor.role == .gamma {
      let name = String(tensor.name.dropLast(".gamma".count))
      let statistics = batchStatistics(of: name)
      if !(statistics.mean + statistics.variance).allSatisfy(\.isFinite) {
        return name.split(separator: ".").map { $0 == "bn" ? "conv" : $0 }.joined(separator: ".")
      }
    }
    return nil
  }
}
