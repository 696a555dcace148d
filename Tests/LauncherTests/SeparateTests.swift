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
    ("not a readable PNG", "text.png", 65), ("tensor \"mnist\" is [2,32,32]", "truth.safetensors", 65),
    ("instead of [N,32,32]", "shape.safetensors", 65), ("not finite", "nan.safetensors", 65),
    ("no such file", "none.png", 66), ("would both be", "good.png", 64),
  ])
  func aBadInputIsNamedBeforeAnythingIsWritten(reason: String, name: String, status: Int32) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let zeros = [Float](repeating: 0, count: 2048)
    let truth = SafeTensorsFile(tensors: [
      .init(name: "mixed", shape: [1, 32, 32], values: Array(zeros[..<1024])),
      .init(name: "mnist", shape: [2, 32, 32], values: zeros),
      .init(name: "fashion", shape: [2, 32, 32], values: zeros),
    ])
    try Data(truth.serialized()).write(to: URL(fileURLWithPath: scratch("truth.safetensors")))
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

  /// A picture of four times the pixels, every one of them doubled, is the picture.
  @Test
  func largerPicturesAreResizedAndStandardInputIsRead() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let small = Self.picture(side: 28)
    let doubled = (0..<56 * 56).map { (index: Int) -> UInt8 in
      let (row, column) = (index / 56 / 2, index % 56 / 2)
      return small.pixels[row * 28 + column]
    }
    try Self.write(small, to: scratch("small.png"))
    try Self.write(GreyPicture(width: 56, height: 56, pixels: doubled), to: scratch("large.png"))
    let command =
      "\(MPIRun.builtProducts)/launcher separate --weights \(run.weights) -o \(scratch.path) --precision f32 "
    let plain = try MPIRun("/bin/sh", ["-c", command + scratch("small.png")], ranks: nil).run()
    let piped = try MPIRun(
      "/bin/sh", ["-c", command + "- \(scratch("large.png")) < \(scratch("large.png"))"], ranks: nil
    ).run()
    #expect(plain.succeeded && piped.succeeded, "\(piped)")
    #expect(piped.standardError.contains("large.png: 56x56 pixels, resized to 28x28"), "\(piped)")
    for head in ["mnist", "fashion"] {
      let expected = try GreyPicture(contentsOf: scratch("small-\(head).png"))
      #expect(try GreyPicture(contentsOf: scratch("large-\(head).png")) == expected)
      #expect(try GreyPicture(contentsOf: scratch("stdin-\(head).png")) == expected)
    }
  }

  /// The three ways to say what was mixed give one error, that of the predictions; projected ones average to the mixture.
  @Test(arguments: [[], ["--project"]])
  func theErrorIsThatOfThePredictions(flags: [String]) throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let first = Self.picture(side: 32)
    let second = GreyPicture(width: 32, height: 32, pixels: first.pixels.map { 254 - $0 / 4 * 2 })
    let even = GreyPicture(width: 32, height: 32, pixels: first.pixels.map { $0 / 2 * 2 })
    try Self.write(even, to: scratch("a.png"))
    try Self.write(second, to: scratch("b.png"))
    let truth = [even, second].map(Self.padded)
    let mixed = zip(truth[0], truth[1]).map { ($0 + $1) / 2 }
    let batch = SafeTensorsFile(tensors: [
      .init(name: "mixed", shape: [1, 32, 32], values: mixed),
      .init(name: "mnist", shape: [1, 32, 32], values: truth[0]),
      .init(name: "fashion", shape: [1, 32, 32], values: truth[1]),
    ])
    try Data(batch.serialized()).write(to: URL(fileURLWithPath: scratch("batch.safetensors")))
    let usual = ["separate", "--weights", run.weights, "--precision", "f32", "--json", "-o", scratch("out")] + flags
    let byBatch = try launch(usual + [scratch("batch.safetensors")])
    let byMix = try launch(usual + ["--mix", scratch("a.png"), scratch("b.png")])
    let byTruth = try launch(
      usual + [scratch("out/a-b-mixed.png"), "--truth", scratch("a.png"), scratch("b.png")])
    #expect(byBatch.succeeded && byMix.succeeded && byTruth.succeeded, "\(byMix)\(byTruth)")

    let predictions = try SafeTensorsFile(contentsOf: scratch("out/predictions.safetensors"))
    var errors: [Double] = []
    for (head, truth) in zip(["mnist", "fashion"], truth) {
      let values = try predictions.tensor(head).floats()
      try #require(values.count == 1024 && values.allSatisfy(\.isFinite))
      errors.append(zip(values, truth).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / 1024)
    }
    for outcome in [byBatch, byMix, byTruth] {
      let found = try #require(try outcome.json()["mse_by_source"] as? [String: Double])
      #expect(abs(try #require(found["mnist"]) - errors[0]) < 1e-6 * errors[0], "\(found) \(errors)")
      #expect(abs(try #require(found["fashion"]) - errors[1]) < 1e-6 * errors[1], "\(found) \(errors)")
    }
    guard !flags.isEmpty else { return }
    let values = try ["mnist", "fashion"].map { try predictions.tensor($0).floats() }
    var inside = 0
    for pixel in 0..<1024 {
      #expect((0...1).contains(values[0][pixel]) && (0...1).contains(values[1][pixel]))
      guard values.allSatisfy({ $0[pixel] > 0 && $0[pixel] < 1 }) else { continue }
      inside += 1
      #expect(abs((values[0][pixel] + values[1][pixel]) / 2 - mixed[pixel]) < 1e-6)
    }
    #expect(inside > 100)
  }

  /// More pictures than pass through the network at once, in files of their own.
  @Test
  func manyFilesAreSeparatedTogether() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let pictures = (0..<60).map { number in
      GreyPicture(width: 28, height: 28, pixels: (0..<784).map { UInt8(truncatingIfNeeded: $0 * number) })
    }
    let names = (0..<60).map { "p\($0)" }
    for (name, picture) in zip(names, pictures) { try Self.write(picture, to: scratch(name + ".png")) }
    try Self.writeBatch(pictures.flatMap(Self.padded), shape: [60, 32, 32], to: scratch("batch.safetensors"))
    let inputs = names.map { scratch($0 + ".png") } + [scratch("batch.safetensors")]
    let outcome = try launch(
      ["separate", "--weights", run.weights, "--precision", "f32", "-o", scratch("out")] + inputs)
    #expect(outcome.succeeded && outcome.standardOutput.split(separator: "\n").count == 121, "\(outcome)")
    let values = try SafeTensorsFile(contentsOf: scratch("out/predictions.safetensors")).tensor("fashion").floats()
    for (index, name) in names.enumerated() {
      let result = try GreyPicture(contentsOf: scratch("out/\(name)-fashion.png"))
      let middle = values[index * 1024 + 15 * 32 + 15]
      #expect(result.pixels[13 * 28 + 13] == UInt8((min(max(middle, 0), 1) * 255).rounded()), "\(name)")
    }
  }
}
