import CZlib
import Foundation
import TestSupport
import Testing

@testable import Dataset

func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

/// An IDX file of pictures; header fields and content need not agree.
func idx(magic: UInt32 = 0x803, count: UInt32, rows: UInt32, columns: UInt32, pixels: [UInt8]) -> [UInt8] {
  [magic, count, rows, columns].flatMap(bigEndian) + pixels
}

/// Bytes without a pattern that gzip could use.
func noise(count: Int, seed: UInt64) -> [UInt8] {
  var generator = PhiloxGenerator(seed: seed, stream: 9)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}

/// A whole and right IDX file.
func idx(count: Int, side: Int = 28, seed: UInt64 = 1) -> [UInt8] {
  idx(
    count: UInt32(count), rows: UInt32(side), columns: UInt32(side),
    pixels: noise(count: count * side * side, seed: seed))
}

/// `bytes` as a gzip file, written by zlib.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
  let folder = try TemporaryFolder()
  let file = unsafe gzopen(folder.path + "/file", "wb")
  let written = unsafe gzwrite(file, bytes, UInt32(bytes.count))
  let closed = unsafe gzclose(file)
  guard Int(written) == bytes.count, closed == Z_OK, let packed = folder.read("file") else {
    throw CocoaError(.fileWriteUnknown)
  }
  return packed
}

/// A PNG file made by hand; IHDR's sides and the raw image data (filter bytes included) need not agree.
func png(
  width: UInt32, height: UInt32, depth: UInt8, colour: UInt8, raw: [UInt8], breakingChecksum: Bool = false
) -> [UInt8] {
  func chunk(_ type: String, _ content: [UInt8], broken: Bool = false) -> [UInt8] {
    let body = Array(type.utf8) + content
    let sum = UInt32(unsafe crc32(0, body, UInt32(body.count)))
    return bigEndian(UInt32(content.count)) + body + bigEndian(broken ? sum ^ 1 : sum)
  }
  var size = compressBound(UInt(raw.count))
  var packed = [UInt8](repeating: 0, count: Int(size))
  precondition(unsafe compress(&packed, &size, raw, UInt(raw.count)) == Z_OK)
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    + chunk("IHDR", bigEndian(width) + bigEndian(height) + [depth, colour, 0, 0, 0])
    + chunk("IDAT", Array(packed[..<Int(size)]), broken: breakingChecksum) + chunk("IEND", [])
}

/// The `DatasetError` that `body` throws; anything else is a failure of the test.
func datasetError(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> DatasetError? {
  do {
    try body()
  } catch let error as DatasetError {
    return error
  } catch {
    Issue.record("\(error)", sourceLocation: sourceLocation)
  }
  return nil
}

extension SourceData {
  /// Two sources of one-pixel pictures whose byte is the index modulo 251 (first) or 241 (second).
  static func tiny(trainCounts: [Int], testCounts: [Int] = [10, 10]) -> SourceData {
    func set(_ name: String, _ count: Int, _ modulus: Int) -> ImageSet {
      ImageSet(name: name, count: count, rows: 1, columns: 1, pixels: (0..<count).map { UInt8($0 % modulus) })
    }
    return SourceData(
      names: ["a", "b"], origin: .synthetic, train: [set("a", trainCounts[0], 251), set("b", trainCounts[1], 241)],
      test: [set("a", testCounts[0], 251), set("b", testCounts[1], 241)])
  }
}
