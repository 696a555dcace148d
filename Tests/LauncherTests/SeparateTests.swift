import Dataset
import Foundation
import Model
import TestSupport
import Testing

struct SeparateTests {
  /// Some picture that differs in every row and column.
  private static func picture(side: Int) -> GreyPicture {
    let pixels = (0..<side * side).map { UInt8(truncatingIfNeeded: $0 / side * 9 + $0 % side * 4 + 1) }
    return GreyPicture(width: side, height: side, pixels: pixels)
  }

  private static func write(_ picture: GreyPicture, to path: String) throws {
    try Data(picture.pngBytes()).write(to: URL(fileURLWithPath: path))
  }

  private static func writeBatch(_ values: [Float], shape: [Int], to path: String) throws {
    let file = SafeTensorsFile(tensors: [.init(name: "mixed", shape: shape, values: values)])
    try Data(file.serialized()).write(to: URL(fileURLWithPath: path))
  }

  /// `picture` in the middle of 32x32, as intensities.
  private static func padded(_ picture: GreyPicture) -> [Float] {
    let margin = (32 - picture.width) / 2
    return (0..<1024).map { index in
      let (row, column) = (index / 32 - margin, index % 32 - margin)
      guard (0..<picture.width).contains(row), (0..<picture.width).contains(column) else { return 0 }
      return Float(picture.pixels[row * picture.width + column]) / 255
    }
  }

  @Test
  func picturesAndBatchesGetTheSamePredictions() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let pictures = [Self.picture(side: 28), Self.picture(side: 32)]
    try Self.write(pictures[0], to: scratch("small.png"))
    try Self.write(pictures[1], to: scratch("large.PNG"))
    try Self.writeBatch(pictures.flatMap(Self.padded), shape: [2, 32, 32], to: scratch("batch.safetensors"))
    let outcome = try launch([
      "separate", "--weights", run.weights, "--precision", "f32", "-o", scratch("out/deep"), "--json",
      scratch("small.png"), scratch("large.PNG"), scratch("batch.safetensors"),
    ])
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try outcome.json()["count"] as? Int == 4)
    #expect(
      try scratch.names(in: "out/deep") == [
        "small-mnist.png", "small-fashion.png", "large-mnist.png", "large-fashion.png", "predictions.safetensors",
      ])

    let predictions = try SafeTensorsFile(contentsOf: scratch("out/deep/predictions.safetensors"))
    for head in ["mnist", "fashion"] {
      let tensor = try predictions.tensor(head)
      #expect(tensor.shape == [2, 32, 32])
      let values = try tensor.floats()
      for (index, (name, picture)) in zip(["small", "large"], pictures).enumerated() {
        let result = try GreyPicture(contentsOf: scratch("out/deep/\(name)-\(head).png"))
        try #require(result.width == picture.width && result.height == picture.height)
        let margin = (32 - picture.width) / 2
        let expected = (0..<picture.pixels.count).map { pixel -> UInt8 in
          let (row, column) = (pixel / picture.width + margin, pixel % picture.width + margin)
          return UInt8((min(max(values[index * 1024 + row * 32 + column], 0), 1) * 255).rounded())
        }
        #expect(result.pixels == expected, "\(name) \(head)")
      }
    }
  }

  @Test(arguments: [
    ("picture of 30x30", "size.png", 65), ("not a readable PNG", "text.png", 65),
    ("instead of [N,32,32]", "shape.safetensors", 65), ("not finite", "nan.safetensors", 65),
    ("no such file", "none.png", 66), ("would both be", "good.png", 64),
  ])
  func aBadInputIsNamedBeforeAnythingIsWritten(reason: String, name: String, status: Int32) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    try Self.write(Self.picture(side: 30), to: scratch("size.png"))
    _ = try scratch.write("no picture", to: "text.png")
    try Self.writeBatch([Float](repeating: 0, count: 1024), shape: [1024], to: scratch("shape.safetensors"))
    var values = [Float](repeating: 0, count: 1024)
    values[700] = .nan
    try Self.writeBatch(values, shape: [1, 32, 32], to: scratch("nan.safetensors"))
    try Self.write(Self.picture(side: 28), to: scratch("good.png"))
    let outcome = try launch([
      "separate", "--weights", run.weights, "-o", scratch("out"), scratch("good.png"), scratch(name),
    ])
    #expect(outcome.exitCode == status, "\(outcome)")
    #expect(outcome.standardError.contains(reason) && outcome.standardError.contains(name), "\(outcome)")
    #expect(!FileManager.default.fileExists(atPath: scratch("out")), "results in spite of a bad input")
  }
}
