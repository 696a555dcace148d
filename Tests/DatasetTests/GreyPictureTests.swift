import TestSupport
import Testing

@testable import Dataset

@Suite struct GreyPictureTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func errorReading(_ bytes: [UInt8]) throws -> DatasetError? {
    let path = try folder.write(bytes, to: "picture.png")
    let error = datasetError { _ = try GreyPicture(contentsOf: path) }
    if let error { #expect(error.description.hasPrefix(path + ": ")) }
    return error
  }

  @Test(arguments: [(1, 1), (28, 28), (33, 5), (5, 33), (640, 130)])
  func writtenPicturesReadBackEqual(width: Int, height: Int) throws {
    let picture = GreyPicture(width: width, height: height, pixels: noise(count: width * height, seed: 6))
    let path = try folder.write(picture.pngBytes(), to: "picture.png")
    #expect(try GreyPicture(contentsOf: path) == picture)
  }

  @Test func allGreysSurvive() throws {
    let picture = GreyPicture(width: 16, height: 16, pixels: (0...255).map { $0 })
    #expect(try GreyPicture(pngBytes: picture.pngBytes(), path: "x").pixels == picture.pixels)
  }

  @Test func sixteenBitsBecomeEight() throws {
    let values: [UInt8] = [0, 1, 100, 200, 255]
    let bytes = png(width: 5, height: 1, depth: 16, colour: 0, raw: [0] + values.flatMap { [$0, $0] })
    #expect(try GreyPicture(pngBytes: bytes, path: "x").pixels == values)
  }

  @Test func oneBitBecomesBlackAndWhite() throws {
    let bytes = png(width: 8, height: 1, depth: 1, colour: 0, raw: [0, 0b1010_0110])
    #expect(try GreyPicture(pngBytes: bytes, path: "x").pixels == [255, 0, 255, 0, 0, 255, 255, 0])
  }

  @Test func coloursBecomeTheirLuminance() throws {
    let colours: [UInt8] = [255, 255, 255, 80, 80, 80, 255, 0, 0, 0, 255, 0, 0, 0, 255]
    let pixels = try GreyPicture(
      pngBytes: png(width: 5, height: 1, depth: 8, colour: 2, raw: [0] + colours), path: "x"
    ).pixels
    #expect(pixels[0] == 255)
    #expect(pixels[1] == 80)
    #expect(pixels[3] > pixels[2] && pixels[2] > pixels[4] && pixels[4] > 0)
  }

  @Test func transparencyLiesOnBlack() throws {
    let bytes = png(width: 2, height: 1, depth: 8, colour: 4, raw: [0, 200, 0, 200, 255])
    #expect(try GreyPicture(pngBytes: bytes, path: "x").pixels == [0, 200])
  }

  @Test func emptyAndForeignFilesAreRefused() throws {
    for bytes in [[], Array("not a picture at all".utf8), idx(count: 1)] {
      #expect(try errorReading(bytes)?.category == .badData)
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = try GreyPicture(width: 9, height: 9, pixels: noise(count: 81, seed: 1)).pngBytes()
    // The last chunk, IEND, takes 12 bytes and adds nothing to the picture.
    for count in 0..<whole.count - 12 {
      #expect(try errorReading(Array(whole[..<count]))?.category == .badData, "\(count) of \(whole.count) bytes")
    }
  }

  @Test func aWrongChecksumIsRefused() throws {
    let raw = [0] + noise(count: 8, seed: 1)
    #expect(try errorReading(png(width: 8, height: 1, depth: 8, colour: 0, raw: raw)) == nil)
    let error = try errorReading(png(width: 8, height: 1, depth: 8, colour: 0, raw: raw, breakingChecksum: true))
    #expect(error?.category == .badData)
  }

  @Test func missingPixelsAreRefused() throws {
    let error = try errorReading(png(width: 8, height: 8, depth: 8, colour: 0, raw: [0] + noise(count: 8, seed: 1)))
    #expect(error?.category == .badData)
  }

  @Test(
    arguments: [(0, 8), (8, 0), (40_000, 1), (1, 40_000), (30_000, 30_000), (0x7FFF_FFFF, 0x7FFF_FFFF)]
      as [(UInt32, UInt32)])
  func absurdSidesAreRefusedBeforeAnythingIsAllocated(width: UInt32, height: UInt32) throws {
    let error = try errorReading(png(width: width, height: height, depth: 8, colour: 0, raw: [0, 1]))
    #expect(error?.category == .badData)
  }

  @Test func missingFilesAndFoldersAreNamed() throws {
    let missing = folder.path + "/none.png"
    #expect(datasetError { _ = try GreyPicture(contentsOf: missing) }?.category == .inputMissing)
    #expect(
      datasetError { _ = try GreyPicture(contentsOf: folder.path) }
        == .unreadable(path: folder.path, reason: "it is a folder"))
  }
}
