import Foundation
import TestSupport
import Testing

@testable import Dataset

/// Sources that are folders of PNG files.
struct PNGFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func picture(_ width: Int, _ height: Int, seed: Int) -> GreyPicture {
    GreyPicture(width: width, height: height, pixels: noise(count: width * height, seed: UInt64(seed)))
  }

  private func write(_ picture: GreyPicture, to name: String) throws { try folder.write(picture.pngBytes(), to: name) }

  /// `train` and `test` of `source` with pictures of 20 columns and 24 rows; training pictures partly in folders of their own.
  private func writeSource(_ source: String) throws {
    for (number, name) in ["b.png", "class 1/a.PNG", "class 2/z.png"].enumerated() {
      try write(picture(20, 24, seed: number), to: "\(source)/train/\(name)")
    }
    try write(picture(20, 24, seed: 9), to: "\(source)/test/only.png")
  }

  private func load(_ sources: String) throws -> SourceData {
    try loadSources(DataRequest(data: nil, sources: sources, environment: [:], seed: 1))
  }

  private func problem(_ sources: String) throws -> String {
    "\(try #require(throws: DatasetError.self) { try load(sources) })"
  }

  @Test func allPicturesBelowTheFoldersAreRead() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try folder.write("no picture", to: "a/train/notes.txt")
    try folder.write("not looked at", to: "a/train/.hidden.png")
    let data = try load("first=\(folder("a")),second=\(folder("b"))")
    #expect(data.names == ["first", "second"] && data.pictureSide == 24)
    #expect(data.train[0].count == 3 && data.train[0].rows == 24 && data.train[0].columns == 20)
    // b.png, class 1/a.PNG, class 2/z.png: in the order of their names.
    #expect(data.train[0].pixels == (0..<3).flatMap { picture(20, 24, seed: $0).pixels })
    #expect(data.test[0].pixels == picture(20, 24, seed: 9).pixels)
  }

  /// Old archives have such names; the pictures behind one would be left out.
  @Test func aNameThatIsNotUTF8IsNamed() throws {
    for source in ["a", "b"] { try writeSource(source) }
    let path = Array("\(folder("a"))/train/Stra".utf8CString.dropLast()) + [CChar(bitPattern: 0xDF), 0]
    let code = unsafe mkdir(path, 0o700)
    #expect(code == 0)
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("in it is not UTF-8; rename it"))
  }

  @Test func oneSourceMayBePNGsAndTheOtherIDX() throws {
    try writeSource("a")
    try folder.write(idx(count: 4, side: 48), to: "b/" + KnownFile.trainImages)
    try folder.write(idx(count: 2, side: 48), to: "b/" + KnownFile.testImages)
    let data = try load("a=\(folder("a")),b=\(folder("b"))")
    #expect(data.pictureSide == 48 && data.train.map(\.rows) == [24, 48])
  }

  @Test func bothKindsInOneFolderAreRefused() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try folder.write(idx(count: 4), to: "b/" + KnownFile.trainImages)
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("has IDX files, and train and test folders"))
  }

  @Test func whereNeitherIsThereBothAreNamed() throws {
    try writeSource("a")
    let text = try problem("a=\(folder("a")),b=\(folder("b"))")
    #expect(text.contains("b/train-images-idx3-ubyte[.gz]: no such file") && text.contains("train and test of PNGs"))
  }

  @Test func anotherSizeIsNamedWithTheFile() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try write(picture(20, 25, seed: 3), to: "b/train/odd.png")
    let text = try problem("a=\(folder("a")),b=\(folder("b"))")
    #expect(text.contains("b/train/odd.png: pictures of 25x20") && text.contains("b/train/b.png is 24x20"))
    try FileManager.default.removeItem(atPath: folder("b/train/odd.png"))
    try write(picture(21, 24, seed: 3), to: "b/test/only.png")
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("the training pictures of b are 24x20"))
  }

  @Test func whatIsNoPictureIsNamed() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try folder.write("not a PNG", to: "b/train/c.png")
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("b/train/c.png: not a readable PNG"))
  }

  @Test func tooLargeAndTooFewAreSaid() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try write(picture(129, 20, seed: 1), to: "b/train/a.png")
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("sides of 1 to 128 can be used"))
    for name in ["a.png", "b.png", "class 1", "class 2"] {
      try FileManager.default.removeItem(atPath: folder("b/train/" + name))
    }
    #expect(try problem("a=\(folder("a")),b=\(folder("b"))").contains("b/train: holds 0 pictures"))
  }

  @Test func aLinkToAFolderIsNotFollowed() throws {
    for source in ["a", "b"] { try writeSource(source) }
    try folder.link("b/train/loop", to: folder("b/train"))
    #expect(try load("a=\(folder("a")),b=\(folder("b"))").train[1].count == 3)
  }
}
