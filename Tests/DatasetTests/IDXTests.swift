import Foundation
import TestSupport
import Testing

@testable import Dataset

@Suite struct IDXTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What reading a file of these bytes throws, and the file's path.
  private func errorReading(_ bytes: [UInt8]) throws -> (error: DatasetError?, path: String) {
    let path = try folder.write(bytes, to: "file")
    return (datasetError { _ = try ImageSet(contentsOf: path, name: "x") }, path)
  }

  @Test func gzipAndPlainFilesHoldTheSamePictures() throws {
    let pixels = noise(count: 3 * 5 * 7, seed: 2)
    let bytes = idx(count: 3, rows: 5, columns: 7, pixels: pixels)
    let plain = try ImageSet(contentsOf: folder.write(bytes, to: "plain"), name: "x")
    let packed = try ImageSet(contentsOf: folder.write(gzip(bytes), to: "packed.gz"), name: "x")
    #expect(plain == ImageSet(name: "x", count: 3, rows: 5, columns: 7, pixels: pixels))
    #expect(packed == plain)
  }

  @Test func filesOfSeveralReadsAreWhole() throws {
    // 4,000 x 784 bytes are three reads of a mebibyte.
    let bytes = idx(count: 4_000)
    let set = try ImageSet(contentsOf: folder.write(gzip(bytes), to: "file"), name: "x")
    #expect(set.count == 4_000)
    #expect(set.pixels == Array(bytes[16...]))
  }

  @Test func emptyFileSaysSo() throws {
    let (error, path) = try errorReading([])
    #expect(error == .empty(path: path))
    let (packedError, packedPath) = try errorReading(gzip([]))
    #expect(packedError == .empty(path: packedPath))
  }

  @Test func wrongMagicIsShown() throws {
    let (error, path) = try errorReading(idx(magic: 0x0D03, count: 1, rows: 2, columns: 2, pixels: [1, 2, 3, 4]))
    #expect(error == .wrongMagic(path: path, found: 0x0D03))
    #expect(error?.description.contains("0x00000d03 instead of 0x00000803") == true)
  }

  @Test func labelsInPlaceOfPicturesAreNamed() throws {
    let (error, _) = try errorReading(bigEndian(0x801) + bigEndian(3) + [1, 2, 3])
    #expect(error?.description.contains("these are labels") == true)
  }

  @Test(arguments: [1, 4, 15]) func truncatedHeaderNamesTheMissingBytes(byteCount: Int) throws {
    let (error, path) = try errorReading(Array(idx(count: 1)[..<byteCount]))
    #expect(error == .truncated(path: path, expectedByteCount: 16, foundByteCount: byteCount))
  }

  @Test(arguments: [false, true]) func truncatedFileNamesTheMissingBytes(isPacked: Bool) throws {
    let bytes = Array(idx(count: 2).dropLast(100))
    let (error, path) = try errorReading(isPacked ? gzip(bytes) : bytes)
    #expect(error == .truncated(path: path, expectedByteCount: 16 + 1_568, foundByteCount: 16 + 1_468))
    #expect(error?.description.contains("1484 of 1584 bytes (uncompressed), 100 missing") == true)
  }

  @Test(arguments: [false, true]) func trailingBytesAreAnError(isPacked: Bool) throws {
    let bytes = idx(count: 2) + [0]
    let (error, path) = try errorReading(isPacked ? gzip(bytes) : bytes)
    #expect(error == .trailingBytes(path: path, expectedByteCount: 16 + 1_568))
  }

  /// A stream that ends early looks to gzread like one that is whole.
  @Test(arguments: [1, 8, 9, 500]) func truncatedGzipStreamIsAnError(missing: Int) throws {
    let (error, path) = try errorReading(Array(gzip(idx(count: 2)).dropLast(missing)))
    #expect(error == .truncatedGzip(path: path))
  }

  @Test func gzipWithAWrongChecksumIsDamaged() throws {
    var bytes = try gzip(idx(count: 2))
    bytes[bytes.count - 6] ^= 1
    let (error, path) = try errorReading(bytes)
    #expect(error == .damagedGzip(path: path, reason: "incorrect data check"))
  }

  @Test func gzipWithADamagedMiddleIsAnError() throws {
    var bytes = try gzip(idx(count: 2))
    for position in 600..<700 { bytes[position] ^= 0xA5 }
    let (error, _) = try errorReading(bytes)
    #expect(error?.category == .badData)
  }

  /// None of these may allocate what it promises.
  @Test(arguments: [(UInt32.max, 28, 28), (UInt32.max, 32, 32), (2_097_153, 32, 32)] as [(UInt32, UInt32, UInt32)])
  func absurdSizesAreRefused(count: UInt32, rows: UInt32, columns: UInt32) throws {
    let (error, path) = try errorReading(idx(count: count, rows: rows, columns: columns, pixels: [1]))
    #expect(error == .absurdSize(path: path, count: Int(count), rows: Int(rows), columns: Int(columns)))
  }

  @Test func aLargePromiseWithoutContentIsTruncated() throws {
    let (error, path) = try errorReading(idx(count: 2_097_152, rows: 32, columns: 32, pixels: [1]))
    #expect(error == .truncated(path: path, expectedByteCount: 16 + 1 << 31, foundByteCount: 17))
  }

  @Test(arguments: [(129, 28), (28, 129), (0, 28), (28, 0), (.max, .max)] as [(UInt32, UInt32)])
  func sidesOutside1To128AreRefused(rows: UInt32, columns: UInt32) throws {
    let (error, path) = try errorReading(idx(count: 1, rows: rows, columns: columns, pixels: [1]))
    guard case .wrongDimensions(path, Int(rows), Int(columns), _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func noPicturesIsAnError() throws {
    let (error, path) = try errorReading(idx(count: 0, rows: 28, columns: 28, pixels: []))
    #expect(error == .tooFewPictures(path: path, found: 0, needed: 1))
  }

  @Test func missingFileFolderAndPipeAreToldApart() throws {
    let missing = folder.path + "/none"
    #expect(datasetError { _ = try ImageSet(contentsOf: missing, name: "x") }?.category == .inputMissing)
    #expect(
      datasetError { _ = try ImageSet(contentsOf: folder.path, name: "x") }
        == .unreadable(path: folder.path, reason: "it is a folder"))
    let pipe = folder.path + "/pipe"
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(
      datasetError { _ = try ImageSet(contentsOf: pipe, name: "x") }
        == .unreadable(path: pipe, reason: "it is not a regular file"))
  }

  @Test func everyErrorIsOneLine() throws {
    let files: [[UInt8]] = try [
      [], [1], idx(count: 1, side: 129), idx(count: 2) + [0], Array(gzip(idx(count: 1)).dropLast(3)),
    ]
    for bytes in files {
      let (error, path) = try errorReading(bytes)
      let text = try #require(error).description
      #expect(text.hasPrefix(path + ": "))
      #expect(!text.contains("\n"))
    }
  }
}
