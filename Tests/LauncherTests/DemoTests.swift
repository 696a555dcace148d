import Dataset
import TestSupport
import Testing
import Training

struct DemoTests {
  /// The picture is the upper part of the run's own samples, which show the same pairs separated by the same weights.
  @Test
  func theDemonstrationShowsTheFirstTestPairs() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    let outcome = try launch([
      "demo", "--weights", run.weights, "--data", "synthetic", "--precision", "f32", "--pairs", "3", "-o",
      scratch("demo.png"),
    ])
    #expect(outcome.succeeded && outcome.standardError.contains("synthetic"), "\(outcome)")
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(
      lines.count == 4 && lines[0].hasPrefix("pair 1: mse mnist ") && lines[3].hasSuffix("demo.png"), "\(outcome)")
    let (demo, samples) = (
      try GreyPicture(contentsOf: scratch("demo.png")), try GreyPicture(contentsOf: run.folder + "/samples.png")
    )
    try #require(demo.width == samples.width && demo.height < samples.height)
    let rows = demo.height - 4
    #expect(demo.pixels.prefix(rows * demo.width) == samples.pixels.prefix(rows * demo.width))
  }

  @Test
  func aGridIsNoLargerThanAPicture() {
    // 32,768 pixels are the most of a side.
    #expect(PictureGrid.mostRows(columns: 7, side: 128) == (32_768 - 4) / 260)
    #expect(PictureGrid.mostRows(columns: 7, side: 32) > 200)
  }

  @Test
  func weightsOfOtherSourcesAreRefused() throws {
    let (scratch, run) = (try TemporaryFolder(), try TinyRun.done())
    try Pictures.write(to: scratch("data"))
    let sources = "a=\(scratch("data/mnist")),b=\(scratch("data/fashion-mnist"))"
    let outcome = try launch(["demo", "--weights", run.weights, "--sources", sources, "-o", scratch("demo.png")])
    #expect(
      outcome.exitCode == 64 && outcome.standardError.contains("separate mnist and fashion, not a and b"), "\(outcome)")
  }
}
