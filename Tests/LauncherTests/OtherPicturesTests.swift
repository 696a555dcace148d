import Dataset
import Foundation
import Model
import TestSupport
import Testing

/// Two sources of other sizes than the published ones: rectangles of 20x24 as an IDX file, rings of 45x45 as PNGs.
struct OtherPicturesTests {
  private static let trainingOptions = [
    "train", "--base-channels", "4", "--blocks", "3", "--convolutions-per-block", "1", "--epochs", "1",
    "--steps-per-epoch",
    "6", "--validation-steps", "2", "--rounds", "1", "--pairs", "20", "--precision", "f32", "--threads", "1",
    "--global-batch", "8",
  ]
  private let scratch: TemporaryFolder
  private let sources: String

  init() throws {
    scratch = try TemporaryFolder()
    for (name, count) in [("train-images-idx3-ubyte", 30), ("t10k-images-idx3-ubyte", 6)] {
      var bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 20, 0, 0, 0, 24]
      for number in 0..<count { bytes += Self.rectangle(number).pixels }
      try scratch.write(bytes, to: "boxes/\(name)")
    }
    for (part, count) in [("train", 24), ("test", 5)] {
      for number in 0..<count {
        try scratch.write(Self.ring(number).pngBytes(), to: "rings/\(part)/\(100 + number).png")
      }
    }
    sources = "boxes=\(scratch("boxes")),rings=\(scratch("rings"))"
  }

  private static func picture(_ width: Int, _ height: Int, _ value: (Int, Int) -> Int) -> GreyPicture {
    GreyPicture(
      width: width, height: height,
      pixels: (0..<width * height).map { UInt8(clamping: value($0 / width, $0 % width)) })
  }

  private static func rectangle(_ number: Int) -> GreyPicture {
    picture(24, 20) { y, x in (number % 7..<12).contains(y) && (number % 5..<15).contains(x) ? 220 - number : 0 }
  }

  private static func ring(_ number: Int) -> GreyPicture {
    picture(45, 45) { y, x in
      let distance = (y - 22) * (y - 22) + (x - 22) * (x - 22)
      return (100 + 9 * number..<400).contains(distance) ? 120 + 4 * number : 0
    }
  }

  private func weights(_ run: String) throws -> SafeTensorsFile {
    try SafeTensorsFile(contentsOf: scratch("\(run)/best.safetensors"))
  }

  @Test func twoSourcesOfOtherSizesTrainEvaluateAndSeparate() throws {
    let options = Self.trainingOptions + ["--sources", sources, "--slices", "2"]
    let alone = try launch(options + ["-o", scratch("one")])
    #expect(alone.succeeded, "\(alone)")
    let two = try launch(options + ["-o", scratch("two")], ranks: 2)
    #expect(two.succeeded, "\(two)")
    let file = try weights("one")
    #expect(file.metadata["image_size"] == "48" && file.metadata["picture_side"] == "45")
    #expect(file.metadata["heads"] == "boxes,rings")
    let other = try weights("two")
    for tensor in file.tensors { #expect(try tensor.bytes == other.tensor(tensor.name).bytes, "\(tensor.name)") }

    let evaluated = try launch([
      "evaluate", "--weights", scratch("one/best.safetensors"), "--sources", sources, "--rounds", "1", "--pairs", "20",
      "--precision", "f32", "--json",
    ])
    #expect(evaluated.succeeded, "\(evaluated)")
    let found = try #require(try evaluated.json()["mse_by_source"] as? [String: Double])
    #expect(Set(found.keys) == ["boxes", "rings"] && found.values.allSatisfy(\.isFinite))
    let closing = try #require(
      try JSONSerialization.jsonObject(with: Data(scratch.bytes("one/evaluation.json"))) as? [String: Any])
    #expect(closing["mse_by_source"] as? [String: Double] == found)

    let mixed = try launch([
      "separate", "--weights", scratch("one/best.safetensors"), "--mix", scratch("rings/test/100.png"),
      scratch("rings/test/101.png"), "-o", scratch("out"), "--precision", "f32",
    ])
    #expect(mixed.succeeded && !mixed.standardError.contains("resized"), "\(mixed)")
    let result = try GreyPicture(contentsOf: scratch("out/100-101-rings.png"))
    #expect(result.width == 45 && result.height == 45)

    // samples.png: seven pictures of 48x48 in a row, twice as large, between margins of 4.
    let samples = try GreyPicture(contentsOf: scratch("one/samples.png"))
    #expect(samples.width == 7 * (2 * 48 + 4) + 4)
    let page = String(decoding: try scratch.bytes("one/report.html"), as: UTF8.self)
    #expect(page.contains("boxes") && page.contains("rings"))
  }

  @Test func aResumeKeepsTheSizesAndOtherPicturesAreRefused() throws {
    let options = Self.trainingOptions + ["--recipe", "notebook", "--sources", sources, "-o", scratch("run")]
    try #require(launch(options).succeeded)
    let resumed = try launch(options + ["--epochs", "2"])
    #expect(resumed.succeeded && resumed.mentions("1 epochs complete") == 1, "\(resumed)")
    let weights = scratch("run/best.safetensors")
    let swapped = try launch([
      "evaluate", "--weights", weights, "--sources", "rings=\(scratch("rings")),boxes=\(scratch("boxes"))",
    ])
    #expect(
      swapped.exitCode == 64 && swapped.standardError.contains("these weights separate boxes and rings"), "\(swapped)")
    let published = try TinyRun.done()
    let larger = try launch([
      "evaluate", "--weights", published.weights, "--sources",
      "mnist=\(scratch("boxes")),fashion=\(scratch("rings"))",
    ])
    #expect(
      larger.exitCode == 64 && larger.standardError.contains("up to 32x32 pixels, and some are 45 long"), "\(larger)")
  }

  @Test func aStepOnOtherPicturesIsTheOraclesStep() throws {
    let outcome = try launch(
      [
        "verify", "--sources", sources, "--base-channels", "8", "--blocks", "2", "--convolutions-per-block", "1",
        "--global-batch", "4", "--precision", "f32", "--threads", "1", "--json",
      ], ranks: 2)
    #expect(outcome.succeeded, "\(outcome)")
    #expect(try outcome.json()["passed"] as? Bool == true)
  }
}
