/// The shape of a network: everything that decides its parameters.
public struct UNetConfiguration: Sendable, Codable, Equatable {
  /// Channels of the first stage; stage `i` of the encoder has `baseChannels << i`.
  public var baseChannels: Int
  /// Stages of the encoder; the decoder has one less.
  public var blocks: Int
  /// 3x3 convolutions in each stage.
  public var convolutionsPerBlock: Int
  /// Names of the two heads, first source first; they name tensors (`head.mnist.weight`), files and figures.
  public var heads: [String]

  /// Rows and columns of a picture.
  public static let imageSize = 32
  /// Pixels of a picture.
  public static let pixelCount = imageSize * imageSize

  /// The published network: 3,033,346 parameters.
  public init(
    baseChannels: Int = 64, blocks: Int = 3, convolutionsPerBlock: Int = 3, heads: [String] = ["mnist", "fashion"]
  ) {
    self.baseChannels = baseChannels
    self.blocks = blocks
    self.convolutionsPerBlock = convolutionsPerBlock
    self.heads = heads
  }

  /// Channels of encoder stage `stage`, 0 the outermost.
  public func channels(stage: Int) -> Int { baseChannels << stage }
}
