import Foundation
import TestSupport
import Testing

struct DataCommandTests {
  @Test
  func missingPicturesAreSaidForEachSource() throws {
    let scratch = try Scratch()
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
    let scratch = try Scratch()
    try Pictures.write(to: scratch.path)
    let outcome = try launch(["data", "--data", scratch.path, "--json"])
    #expect(outcome.exitCode == 65, "\(outcome)")
    let mnist = try #require(try outcome.json()["mnist"] as? [String: Any])
    #expect(mnist["path"] as? String == scratch("mnist") && (mnist["problems"] as? [String])?.count == 2)
    #expect(outcome.mentions("not the published content") == 4, "\(outcome)")
  }

  @Test
  func realPicturesAreComplete() throws {
    // Without them there is nothing that could be complete: the two tests above stand alone then.
    guard let data = ProcessInfo.processInfo.environment["UNMIX_DATA"], !data.isEmpty else { return }
    let outcome = try launch(["data", "--json"], environment: ["UNMIX_DATA": data])
    #expect(outcome.succeeded, "\(outcome)")
    let mnist = try #require(try outcome.json()["mnist"] as? [String: Any])
    let digests = try #require(mnist["sha256"] as? [String: Any])
    #expect(
      digests["train-images-idx3-ubyte"] as? String
        == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")
  }

  @Test
  func trainingTakesAnyTwoSources() throws {
    let (scratch, pictures) = (try Scratch(), try Scratch())
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
