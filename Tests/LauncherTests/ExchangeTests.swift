import Foundation
import Model
import TestSupport
import Testing

/// Weights to other programs and back, by the commands.
struct ExchangeTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test func weightsThatWentThroughKerasFormatAreTheSame() throws {
    let run = try TinyRun.done()
    let out = try launch([
      "export", "--weights", run.weights, "--format", "keras", "-o", scratch("w.weights.h5"), "--json",
    ])
    #expect(out.succeeded, "\(out)")
    #expect(try out.json()["format"] as? String == "keras")
    let back = try launch(["import", "--keras", scratch("w.weights.h5"), "-o", scratch("back.safetensors"), "--json"])
    #expect(back.succeeded, "\(back)")
    #expect(try back.json()["heads"] as? [String] == ["mnist", "fashion"])
    #expect(try back.json()["parameters"] as? Int == TinyRun.parameters)
    let (before, after) = (
      try SafeTensorsFile(contentsOf: run.weights), try SafeTensorsFile(contentsOf: scratch("back.safetensors"))
    )
    #expect(after.tensors.count == before.tensors.count)
    for tensor in after.tensors { #expect(try tensor.bytes == before.tensor(tensor.name).bytes, "\(tensor.name)") }
    let evaluated = try launch([
      "evaluate", "--weights", scratch("back.safetensors"), "--data", "synthetic", "--rounds", "1", "--pairs", "10",
    ])
    #expect(evaluated.succeeded, "\(evaluated)")
  }

  @Test func headsGetTheNamesThatAreGiven() throws {
    let run = try TinyRun.done()
    try #require(
      launch(["export", "--weights", run.weights, "--format", "keras", "-o", scratch("w.weights.h5")]).succeeded)
    let outcome = try launch([
      "import", "--keras", scratch("w.weights.h5"), "--heads", "digits,garments", "-o", scratch("named.safetensors"),
    ])
    #expect(outcome.succeeded && outcome.standardOutput.contains("heads digits and garments"), "\(outcome)")
    let file = try SafeTensorsFile(contentsOf: scratch("named.safetensors"))
    #expect(file.metadata["heads"] == "digits,garments" && file["head.digits.weight"] != nil)
    for bad in ["a", "a,a", "a,b,c", "a/,b", ",", "mixed,a"] {
      let outcome = try launch(["import", "--keras", scratch("w.weights.h5"), "--heads", bad, "-o", scratch("no")])
      #expect(outcome.exitCode == 64 && outcome.standardError.contains("--heads \(bad)"), "\(outcome)")
    }
    #expect(try !scratch.names(in: "").contains("no"))
  }

  @Test func headsWithoutNamesGetTheUsualOnesAndThatIsSaid() throws {
    let layout = ParameterLayout(
      UNetConfiguration(baseChannels: 1, blocks: 1, convolutionsPerBlock: 1, heads: ["fashion_mnist", "x y"]))
    let weights = SafeTensorsFile(weights: AlignedBuffer(repeating: 1, count: layout.count), layout: layout)
    try scratch.write(weights.serialized(), to: "w.safetensors")
    let noted = scratch("noted.weights.h5")
    try #require(launch(["export", "--weights", scratch("w.safetensors"), "--format", "keras", "-o", noted]).succeeded)
    let exact = try launch(["import", "--keras", noted, "-o", scratch("exact.safetensors")])
    #expect(exact.succeeded && exact.standardOutput.contains("heads fashion_mnist and x y"), "\(exact)")
    #expect(exact.standardError.isEmpty, "\(exact)")

    // Keras's own files have no such attribute: here it has another name.
    var bytes = try Data(scratch.bytes("noted.weights.h5"))
    let attribute = try #require(bytes.range(of: Data("unmix_heads".utf8)))
    bytes[attribute.lowerBound] ^= 1
    let silent = try scratch.write(Array(bytes), to: "silent.weights.h5")
    let usual = try launch(["import", "--keras", silent, "-o", scratch("usual.safetensors")])
    #expect(usual.succeeded && usual.standardOutput.contains("heads mnist and fashion"), "\(usual)")
    #expect(
      usual.standardError
        == "import: \(silent) does not name its heads; they are called mnist and fashion, --heads A,B says otherwise\n")
    let given = try launch(["import", "--keras", silent, "--heads", "a,b", "-o", scratch("given.safetensors")])
    #expect(given.succeeded && given.standardError.isEmpty, "\(given)")
  }

  @Test(arguments: ["best", "current"])
  func theWeightsOfACheckpointBecomeAWeightFileWhicheverOptionNamesIt(which: String) throws {
    let checkpoint = Fixtures.checkpointOfVersion1
    for (option, output) in [("--weights", "a"), ("--checkpoint", "b")] {
      for (format, file) in [("safetensors", "\(output).safetensors"), ("onnx", "\(output).onnx")] {
        let outcome = try launch([
          "export", option, checkpoint, "--which", which, "--format", format, "-o", scratch(file), "--json",
        ])
        #expect(outcome.succeeded, "\(outcome)")
        #expect(try outcome.json()["which"] as? String == which && outcome.json()["step"] as? Int == 3)
      }
    }
    #expect(try scratch.bytes("a.safetensors") == scratch.bytes("b.safetensors"))
    #expect(try scratch.bytes("a.onnx") == scratch.bytes("b.onnx"))
    let again = try launch(["export", "--weights", scratch("a.safetensors"), "-o", scratch("again.safetensors")])
    #expect(again.succeeded, "\(again)")
    #expect(try scratch.bytes("again.safetensors") == scratch.bytes("a.safetensors"))
  }

  @Test(arguments: ["best", "current"])
  func aCheckpointGoesToONNX(which: String) throws {
    let run = try TinyRun.done()
    let outcome = try launch(
      ["export", "--checkpoint", run.checkpoint, "--which", which, "--format", "onnx"], folder: scratch.path)
    #expect(outcome.succeeded && outcome.standardOutput.contains("model.onnx: "), "\(outcome)")
    let bytes = try scratch.bytes("model.onnx")
    #expect(bytes.count > TinyRun.parameters * 4 && String(decoding: bytes, as: UTF8.self).contains("ConvTranspose"))
    // The averages that validation judged are other numbers than the last step's.
    let checkpoint = try SafeTensorsFile(contentsOf: run.checkpoint)
    for other in ["best", "current"] {
      let kernel = Data(try checkpoint.tensor("\(other).encoder.1.conv.0.weight").bytes)
      #expect((Data(bytes).range(of: kernel) != nil) == (other == which), "\(other)")
    }
  }

  @Test func brokenKerasFilesAreRefusedInALine() throws {
    try scratch.write("no weights", to: "text.h5")
    let text = try launch(["import", "--keras", scratch("text.h5"), "-o", scratch("out")])
    #expect(text.exitCode == 65 && text.standardError.contains("neither an HDF5 file nor a .keras archive"), "\(text)")
    let missing = try launch(["import", "--keras", scratch("nowhere.h5"), "-o", scratch("out")])
    #expect(missing.exitCode == 66, "\(missing)")
    #expect(try scratch.names(in: "") == ["text.h5"])
  }

  @Test func exportWantsOneSourceAndANameThatKerasTakes() throws {
    let both = try launch(["export", "--weights", "a", "--checkpoint", "b"])
    #expect(both.exitCode == 64 && both.standardError.contains("--checkpoint or --weights"), "\(both)")
    let name = try launch(["export", "--weights", "a", "--format", "keras", "-o", "w.h5"])
    #expect(name.exitCode == 64 && name.standardError.contains("NAME.weights.h5"), "\(name)")
  }
}
