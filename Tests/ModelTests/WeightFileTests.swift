import Testing

@testable import Model

struct WeightFileTests {
  private let configuration = UNetConfiguration(baseChannels: 3, blocks: 3, convolutionsPerBlock: 2)
  private var layout: ParameterLayout { ParameterLayout(configuration) }

  /// Element i holds i / 1024, so that every element is known by its value.
  private var values: AlignedBuffer<Float> {
    let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    for i in 0..<values.count { unsafe values.elements[i] = Float(i) / 1024 }
    return values
  }

  private func load(_ file: SafeTensorsFile, _ layout: ParameterLayout? = nil, prefix: String = "") throws -> [Float] {
    let layout = layout ?? self.layout
    let buffer = AlignedBuffer<Float>(repeating: -1, count: layout.count)
    try file.loadWeights(into: buffer, layout: layout, prefix: prefix)
    return buffer.array()
  }

  /// The weight file with the tensor `name` replaced, or dropped.
  private func file(replacing name: String, by replacement: SafeTensorsFile.Tensor?) -> SafeTensorsFile {
    var file = SafeTensorsFile(weights: values, layout: layout)
    let i = file.tensors.firstIndex { $0.name == name }!
    file.tensors.replaceSubrange(i...i, with: replacement.map { [$0] } ?? [])
    return file
  }

  @Test func weightsSurviveTheFile() throws {
    let bytes = try SafeTensorsFile(weights: values, layout: layout, metadata: ["epoch": "3"]).serialized()
    let read = try SafeTensorsFile(bytes: bytes, path: "w.safetensors")
    #expect(try load(read) == values.array())
    #expect(
      read.metadata == ["epoch": "3", "heads": "mnist,fashion", "image_size": "32", "picture_side": "28"])
    #expect(try read.inferredConfiguration() == configuration)
  }

  @Test func sizesOfPicturesSurviveTheFile() throws {
    var large = configuration
    large.fit(pictureSide: 45)
    let file = SafeTensorsFile(weights: values, layout: ParameterLayout(large))
    let read = try SafeTensorsFile(bytes: file.serialized(), path: "w.safetensors").inferredConfiguration()
    #expect(read == large && read.imageSize >= 45 && read.pictureSide == 45)
  }

  @Test(arguments: [["image_size": "33"], ["image_size": "many"], ["image_size": "0"], ["picture_side": "33"]])
  func sizesThatCannotBeAreRefused(metadata: [String: String]) throws {
    var file = SafeTensorsFile(weights: values, layout: layout)
    file.metadata.merge(metadata) { _, new in new }
    #expect(throws: SafeTensorsError.self) { try file.inferredConfiguration() }
  }

  @Test func aFileWithoutSizesHasThePublishedOnes() throws {
    var file = SafeTensorsFile(weights: values, layout: layout)
    (file.metadata["image_size"], file.metadata["picture_side"]) = (nil, nil)
    let read = try file.inferredConfiguration()
    #expect(read.imageSize == 32 && read.pictureSide == 28)
  }

  @Test func prefixSelectsOneOfSeveralNetworksOfAFile() throws {
    let zeros = AlignedBuffer<Float>(repeating: 0, count: layout.count)
    let file = SafeTensorsFile(
      tensors: SafeTensorsFile.weights(values, layout: layout, prefix: "best.")
        + SafeTensorsFile.weights(zeros, layout: layout))
    #expect(try load(file, prefix: "best.") == values.array())
    #expect(try load(file) == Array(repeating: 0, count: layout.count))
    #expect(try file.inferredConfiguration(prefix: "best.") == configuration)
  }

  @Test func firstMissingTensorIsNamed() {
    #expect(throws: SafeTensorsError.missingTensor(path: "(memory)", tensor: "encoder.1.bn.0.gamma")) {
      try load(file(replacing: "encoder.1.bn.0.gamma", by: nil))
    }
  }

  @Test func wrongShapeIsNamed() {
    let wrong = SafeTensorsFile.Tensor(name: "head.mnist.weight", shape: [3], values: [1, 2, 3] as [Float])
    #expect(
      throws: SafeTensorsError.wrongShape(
        path: "(memory)", tensor: "head.mnist.weight", expected: [1, 3, 1, 1], found: [3])
    ) { try load(file(replacing: "head.mnist.weight", by: wrong)) }
  }

  @Test func wrongDtypeIsNamed() {
    let wrong = SafeTensorsFile.Tensor(name: "head.mnist.bias", shape: [1], values: [1] as [Double])
    #expect(
      throws: SafeTensorsError.wrongDtype(path: "(memory)", tensor: "head.mnist.bias", expected: "F32", found: "F64")
    ) { try load(file(replacing: "head.mnist.bias", by: wrong)) }
  }

  @Test func nonFiniteWeightIsNamedAndNothingIsLoaded() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      let wrong = SafeTensorsFile.Tensor(name: "decoder.1.up.bias", shape: [3], values: [1, bad, 3])
      let buffer = AlignedBuffer<Float>(repeating: -1, count: layout.count)
      #expect(throws: SafeTensorsError.nonFinite(path: "(memory)", tensor: "decoder.1.up.bias", index: 1)) {
        try file(replacing: "decoder.1.up.bias", by: wrong).loadWeights(into: buffer, layout: layout)
      }
      #expect(buffer.array().allSatisfy { $0 == -1 })
    }
  }

  /// Its root would be none.
  @Test func aNegativeVarianceIsNamed() {
    let name = "encoder.0.bn.0.moving_variance"
    let wrong = SafeTensorsFile.Tensor(name: name, shape: [3], values: [1, 0, -1e-3] as [Float])
    #expect(throws: SafeTensorsError.negativeVariance(path: "(memory)", tensor: name, index: 2)) {
      try load(file(replacing: name, by: wrong))
    }
  }

  /// A name alone must not make the layout of a network of a million tensors.
  @Test func moreConvolutionsThanAnyNetworkHasAreRefused() {
    let many = (0..<200).map { SafeTensorsFile.Tensor(name: "encoder.0.conv.\($0).x", shape: [0], values: [Float]()) }
    let kernel = SafeTensorsFile.Tensor(
      name: "encoder.0.conv.0.weight", shape: [1, 1, 3, 3], values: [Float](repeating: 0, count: 9))
    let error = #expect(throws: SafeTensorsError.self) {
      try SafeTensorsFile(tensors: [kernel] + many).inferredConfiguration()
    }
    #expect(error?.description.contains("200 convolutions a stage are more than 64") == true, "\(error as Any)")
  }

  @Test func weightsOfALargerNetworkAreRefusedByTheirFirstSurplusTensor() {
    let small = ParameterLayout(UNetConfiguration(baseChannels: 3, blocks: 3, convolutionsPerBlock: 1))
    #expect(throws: SafeTensorsError.unexpectedTensor(path: "(memory)", tensor: "encoder.0.conv.1.weight")) {
      try load(SafeTensorsFile(weights: values, layout: layout), small)
    }
  }

  @Test func everyConfigurationIsInferredFromItsFile() throws {
    for (base, blocks, convolutions) in [(1, 1, 1), (2, 2, 3), (3, 6, 1), (5, 4, 2)] {
      for heads in [["mnist", "fashion"], ["fashion", "mnist"], ["b", "a"]] {
        let configuration = UNetConfiguration(
          baseChannels: base, blocks: blocks, convolutionsPerBlock: convolutions, heads: heads)
        let layout = ParameterLayout(configuration)
        let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
        #expect(try SafeTensorsFile(weights: values, layout: layout).inferredConfiguration() == configuration)
      }
    }
  }

  @Test func headsWithoutRecordedOrderAreAskedForUnlessTheyAreTheUsualOnes() throws {
    func file(_ heads: [String], _ metadata: [String: String]) -> SafeTensorsFile {
      let layout = ParameterLayout(UNetConfiguration(baseChannels: 1, blocks: 1, heads: heads))
      let values = AlignedBuffer<Float>(repeating: 0, count: layout.count)
      return SafeTensorsFile(tensors: SafeTensorsFile.weights(values, layout: layout), metadata: metadata)
    }
    #expect(try file(["fashion", "mnist"], [:]).inferredConfiguration().heads == ["mnist", "fashion"])
    #expect(throws: SafeTensorsError.unknownHeadOrder(path: "(memory)", heads: ["a", "b"])) {
      try file(["b", "a"], [:]).inferredConfiguration()
    }
    #expect(throws: SafeTensorsError.self) { try file(["b", "a"], ["heads": "b,c"]).inferredConfiguration() }
  }

  @Test(arguments: ["mixed", "../a"]) func headsWithNamesThatCannotBeAreRefused(head: String) throws {
    let layout = ParameterLayout(UNetConfiguration(baseChannels: 1, blocks: 1, heads: ["a", head]))
    let file = SafeTensorsFile(weights: AlignedBuffer(repeating: 0, count: layout.count), layout: layout)
    let error = try #require(throws: SafeTensorsError.self) { try file.inferredConfiguration() }
    #expect("\(error)".hasPrefix("(memory): holds no network's weights: \"\(head)\" is "))
  }

  @Test(arguments: [1025, 1 << 40, Int.max]) func moreChannelsThanAnyNetworkHasAreRefused(channels: Int) {
    let name = "encoder.0.conv.0.weight"
    let kernel = SafeTensorsFile.Tensor(name: name, dtype: "F32", shape: [channels, 1, 3, 3], bytes: [])
    #expect(
      throws: SafeTensorsError.notANetwork(
        path: "(memory)", problem: "\(channels) base channels are more than 1024")
    ) { try file(replacing: name, by: kernel).inferredConfiguration() }
  }

  @Test func fileWithoutANetworkIsRefused() throws {
    let huge = SafeTensorsFile.Tensor(
      name: "encoder.0.conv.0.weight", shape: [1 << 60, 1, 0, 3], values: [] as [Float])
    for file in [SafeTensorsFile(tensors: []), SafeTensorsFile(tensors: [huge])] {
      let error = try #require(throws: SafeTensorsError.self) { try file.inferredConfiguration() }
      guard case .notANetwork = error else {
        Issue.record("\(error)")
        continue
      }
    }
  }
}
