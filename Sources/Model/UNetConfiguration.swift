/// The shape of a network and of its pictures.
public struct UNetConfiguration: Sendable, Codable, Equatable {
  /// Channels of the first stage; stage `i` of the encoder has `baseChannels << i`.
  public var baseChannels: Int
  /// Stages of the encoder; the decoder has one less.
  public var blocks: Int
  /// 3x3 convolutions in each stage.
  public var convolutionsPerBlock: Int
  /// Names of the two heads, first source first; they name tensors (`head.mnist.weight`), files and figures.
  public var heads: [String]

  /// Rows and columns of what passes through the network: a multiple of ``imageSizeStep``, 1 to ``maximumImageSize``. No
  /// parameter depends on it.
  public var imageSize: Int
  /// The longer side of the pictures that the network is trained on; they stand between zeros in the middle of `imageSize`.
  public var pictureSide: Int

  /// Pixels of what passes through the network.
  public var pixelCount: Int { imageSize * imageSize }
  /// `imageSize` is halved between stages, so it is a multiple of this.
  public var imageSizeStep: Int { 1 << (blocks - 1) }
  /// The largest `imageSize`.
  public static let maximumImageSize = 128
  /// The most `baseChannels`.
  public static let maximumBaseChannels = 1024
  /// Most convolutions of a stage.
  public static let maximumConvolutionsPerBlock = 64
  /// What files and other programs call the mixed pictures; no head can have the name.
  public static let inputName = "mixed"

  /// The published network: 3,033,346 parameters, pictures of 28x28 in 32x32.
  public init(
    baseChannels: Int = 64, blocks: Int = 3, convolutionsPerBlock: Int = 3, heads: [String] = ["mnist", "fashion"],
    imageSize: Int = 32, pictureSide: Int = 28
  ) {
    self.baseChannels = baseChannels
    self.blocks = blocks
    self.convolutionsPerBlock = convolutionsPerBlock
    self.heads = heads
    self.imageSize = imageSize
    self.pictureSide = pictureSide
  }

  /// Takes pictures whose longer side is `side`: they pass through the network in 32x32, as the published ones do, or where they are
  /// larger in the least size that holds them and can be halved between the stages.
  public mutating func fit(pictureSide side: Int) {
    pictureSide = side
    imageSize = (max(32, side) + imageSizeStep - 1) / imageSizeStep * imageSizeStep
  }

  /// What is wrong with the sizes of the pictures; nil where nothing is.
  public var sizeProblem: String? {
    guard (1...Self.maximumImageSize).contains(imageSize), imageSize.isMultiple(of: imageSizeStep) else {
      return
        "pictures of \(imageSize)x\(imageSize): with \(blocks) stages the side is a multiple of \(imageSizeStep), at most "
        + "\(Self.maximumImageSize)"
    }
    return (1...imageSize).contains(pictureSide) ? nil : "pictures of \(pictureSide) in \(imageSize)x\(imageSize)"
  }

  /// What is wrong with the names of the heads; nil where nothing is.
  public var headsProblem: String? {
    guard heads.count == 2, heads[0] != heads[1] else {
      return
        "two sources with different names are mixed, not \(heads.map(SafeTensorsError.quoted).joined(separator: " and "))"
    }
    for head in heads where head.isEmpty || head.contains(where: { ",./\"\\".contains($0) || $0.isNewline }) {
      return "\(SafeTensorsError.quoted(head)) is no name for tensors, files and columns"
    }
    return heads.contains(Self.inputName) ? "\"\(Self.inputName)\" is the name of the mixed pictures" : nil
  }

  /// Channels of encoder stage `stage`, 0 the outermost.
  public func channels(stage: Int) -> Int { baseChannels << stage }
}

extension UNetConfiguration {
  /// Reads what any version wrote: before sizes were told, they were the published ones.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let usual = UNetConfiguration()
    self.init(
      baseChannels: try values.decode(Int.self, forKey: .baseChannels),
      blocks: try values.decode(Int.self, forKey: .blocks),
      convolutionsPerBlock: try values.decode(Int.self, forKey: .convolutionsPerBlock),
      heads: try values.decode([String].self, forKey: .heads),
      imageSize: try values.decodeIfPresent(Int.self, forKey: .imageSize) ?? usual.imageSize,
      pictureSide: try values.decodeIfPresent(Int.self, forKey: .pictureSide) ?? usual.pictureSide)
  }
}
