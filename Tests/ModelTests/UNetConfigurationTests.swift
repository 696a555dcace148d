import Foundation
import Testing

@testable import Model

/// Sizes of pictures, and names of heads.
struct UNetConfigurationTests {
  /// 32x32 for all that fit, else the least multiple of what the halvings need.
  @Test(arguments: [
    (28, 3, 32), (1, 1, 32), (32, 6, 32), (33, 3, 36), (33, 1, 33), (36, 3, 36), (48, 4, 48), (45, 4, 48), (97, 6, 128),
    (128, 6, 128), (128, 3, 128),
  ])
  func aNetworkFitsItsPictures(side: Int, blocks: Int, size: Int) {
    var network = UNetConfiguration(blocks: blocks)
    network.fit(pictureSide: side)
    #expect(network.imageSize == size && network.pictureSide == side && network.sizeProblem == nil)
  }

  @Test func sizesThatCannotBeAreSaid() {
    #expect(UNetConfiguration(imageSize: 30).sizeProblem?.contains("multiple of 4") == true)
    #expect(UNetConfiguration(imageSize: 132, pictureSide: 132).sizeProblem?.contains("at most 128") == true)
    #expect(UNetConfiguration(imageSize: 32, pictureSide: 33).sizeProblem != nil)
    #expect(UNetConfiguration(imageSize: 0).sizeProblem != nil && UNetConfiguration().sizeProblem == nil)
  }

  @Test(arguments: [
    ["a"], ["a", "a"], ["a", "b", "c"], ["a", ""], ["a", "b,c"], ["a.b", "c"], ["../a", "b"], ["a", "b\n"],
    ["a\"", "b"],
    ["mixed", "a"], ["a", "mixed"],
  ])
  func namesThatHeadsCannotHaveAreSaid(heads: [String]) {
    #expect(UNetConfiguration(heads: heads).headsProblem != nil)
  }

  @Test(arguments: [["mnist", "fashion"], ["Mixed", "mixed_2"], ["é ü", "数字"]])
  func namesThatHeadsCanHaveAreNoProblem(heads: [String]) {
    #expect(UNetConfiguration(heads: heads).headsProblem == nil)
  }

  @Test func whatWasWrittenBeforeSizesWereToldReads() throws {
    let old = #"{"baseChannels":8,"blocks":2,"convolutionsPerBlock":1,"heads":["a","b"]}"#
    let read = try JSONDecoder().decode(UNetConfiguration.self, from: Data(old.utf8))
    #expect(read == UNetConfiguration(baseChannels: 8, blocks: 2, convolutionsPerBlock: 1, heads: ["a", "b"]))
    var large = read
    large.fit(pictureSide: 100)
    #expect(try JSONDecoder().decode(UNetConfiguration.self, from: JSONEncoder().encode(large)) == large)
  }
}
