import Foundation
import TestSupport
import Testing

struct DataCommandTests {
  @Test
  func missingPicturesAreSaidForEachSource() throws {
    let scratch = try TemporaryFolder()
    let outcome = try launch(["data", "check", "--data", scratch.path, "--json"])
    #expect(outcome.exitCode == 66, "\(outcome)")
    let places = try outcome.json()
    #expect(Set(places.keys) == ["mnist", "fashion"])
    for (name, value) in places {
      let place = try #require(value as? [String: Any], "\(name)")
      #expect(place["path"] is NSNull && place["complete"] as? Bool == false, "\(name)")
      #expect((place["sha256"] as? [String: Any])?.count == 4, "\(name)")
    }
  }

  @Test
  func otherPicturesAreBadData() throws {
    let scratch = try TemporaryFolder()
    try Pictures.write(to: scratch.path)
    let outcome = try launch(["data", "--data", scratch.path, "--json"])
    #expect(outcome.exitCode == 65, "\(outcome)")
    let mnist = try #require(try outcome.json()["mnist"] as? [String: Any])
    #expect(mnist["path"] as? String == scratch("mnist") && (mnist["problems"] as? [String])?.count == 2)
    #expect(outcome.mentions("not the published content") == 4, "\(outcome)")
  }

  /// The real pictures where there are any, and always some others.
  @Test
  func completeMeansThePublishedPictures() throws {
    let other = try TemporaryFolder()
    try Pictures.write(to: other.path)
    let real = ProcessInfo.processInfo.environment["UNMIX_DATA"] ?? ""
    for folder in [other.path] + (real.isEmpty ? [] : [real]) {
      let outcome = try launch(["data", "--json"], environment: ["UNMIX_DATA": folder])
      let mnist = try #require(try outcome.json()["mnist"] as? [String: Any])
      let digest = try #require((mnist["sha256"] as? [String: Any])?["train-images-idx3-ubyte"] as? String)
      let isPublished = digest == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
      #expect(digest.count == 64 && isPublished == (folder == real), "\(outcome)")
      #expect(mnist["complete"] as? Bool == isPublished && outcome.succeeded == isPublished, "\(outcome)")
    }
  }

  @Test
  func trainingTakesAnyTwoSources() throws {
    let (scratch, pictures) = (try TemporaryFolder(), try TemporaryFolder())
    try Pictures.write(to: pictures.path)
    let outcome = try launch(
      TinyRun.network + TinyRun.steps + [
        "--rounds", "1", "--pairs", "10", "--sources",
        "left=\(pictures("mnist")),right=\(pictures("fashion-mnist"))", "--output", scratch("run"), "--json",
      ])
    #expect(outcome.succeeded, "\(outcome)")
    let bySource = try #require(try outcome.json()["mse_by_source"] as? [String: Double])
    #expect(Set(bySource.keys) == ["left", "right"])
    #expect(outcome.mentions("synthetic") == 0, "\(outcome)")
  }
}
