/// Where every weight of a network lies in the flat buffers, and what it is called.
///
/// Trained tensors come first, in the order of the forward pass (so the backward pass completes the gradient buffer from
/// its end to its start); moving statistics follow. Names, shapes and element order are those of the weight files.
public struct ParameterLayout: Sendable, Equatable {
  /// What a tensor is to the network.
  public enum Role: Sendable, Equatable {
    /// Kernel of a 3x3 or 1x1 convolution, OIHW.
    case convolutionWeight
    /// Kernel of a transposed convolution, IOHW.
    case transposedWeight
    /// Bias of a convolution that feeds a batch normalisation: its gradient is exactly 0.
    case normalisedBias
    /// Bias of a transposed convolution or of a head.
    case bias
    case gamma, beta, movingMean, movingVariance
  }

  /// One named tensor and its range of the flat buffer.
  public struct Tensor: Sendable, Equatable {
    /// Dotted path, as in a weight file: "encoder.0.conv.1.weight".
    public let name: String
    /// Sizes, outermost first, in the axis order of its role.
    public let shape: [Int]
    /// What the tensor is to the network.
    public let role: Role
    /// Elements of the flat weight buffer; of the gradient and moment buffers too where the role is trained.
    public let range: Range<Int>
  }

  /// The network described.
  public let configuration: UNetConfiguration
  /// All tensors in buffer order.
  public let tensors: [Tensor]
  /// Elements of the trained part: the length of gradients and moments.
  public let trainedCount: Int
  /// Elements in all.
  public let count: Int

  private let index: [String: Int]

  /// The layout of `configuration`.
  public init(_ configuration: UNetConfiguration) {
    var builder = Builder()
    let (blocks, convolutions) = (configuration.blocks, configuration.convolutionsPerBlock)
    var statistics: [(name: String, channels: Int)] = []

    func stage(_ name: String, inputs: Int, channels: Int) {
      for j in 0..<convolutions {
        builder.add(
          "\(name).conv.\(j).weight", [channels, j == 0 ? inputs : channels, 3, 3], .convolutionWeight)
        builder.add("\(name).conv.\(j).bias", [channels], .normalisedBias)
        builder.add("\(name).bn.\(j).gamma", [channels], .gamma)
        builder.add("\(name).bn.\(j).beta", [channels], .beta)
        statistics.append(("\(name).bn.\(j)", channels))
      }
    }

    for i in 0..<blocks {
      stage(
        "encoder.\(i)", inputs: i == 0 ? 1 : configuration.channels(stage: i - 1),
        channels: configuration.channels(stage: i))
    }
    for i in 0..<(blocks - 1) {
      let inputs = configuration.channels(stage: blocks - 1 - i)
      let channels = configuration.channels(stage: blocks - 2 - i)
      builder.add("decoder.\(i).up.weight", [inputs, channels, 3, 3], .transposedWeight)
      builder.add("decoder.\(i).up.bias", [channels], .bias)
      stage("decoder.\(i)", inputs: 2 * channels, channels: channels)
    }
    for head in configuration.heads {
      builder.add("head.\(head).weight", [1, configuration.baseChannels, 1, 1], .convolutionWeight)
      builder.add("head.\(head).bias", [1], .bias)
    }
    trainedCount = builder.count
    for (name, channels) in statistics {
      builder.add("\(name).moving_mean", [channels], .movingMean)
      builder.add("\(name).moving_variance", [channels], .movingVariance)
    }

    self.configuration = configuration
    tensors = builder.tensors
    count = builder.count
    index = Dictionary(uniqueKeysWithValues: builder.tensors.enumerated().map { ($1.name, $0) })
  }

  /// The tensor called `name`; a name the network does not have is a programming mistake.
  public subscript(name: String) -> Tensor {
    guard let i = index[name] else { preconditionFailure("no tensor \(name) in a network of \(tensors.count) tensors") }
    return tensors[i]
  }

  private struct Builder {
    var tensors: [Tensor] = []
    var count = 0
    mutating func add(_ name: String, _ shape: [Int], _ role: Role) {
      let size = shape.reduce(1, *)
      tensors.append(Tensor(name: name, shape: shape, role: role, range: count..<count + size))
      count += size
    }
  }
}
