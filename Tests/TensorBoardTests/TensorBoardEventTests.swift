import Foundation
import SwiftProtobuf
import Testing

@testable import TensorBoard

/// The records of an event file, as TensorFlow's documents describe them.
@Suite struct TensorBoardEventTests {
  /// RFC 3720, appendix B.4, and the check value of the polynomial.
  @Test func checksumsAreThoseOfTheStandard() {
    #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(of: Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.checksum(of: []) == 0)
  }

  @Test func aFrameHoldsTheLengthTheDataAndBothMaskedChecksums() {
    let data = Array("123456789".utf8)
    let frame = RecordFrame.frame(data)
    #expect(frame.count == 8 + 4 + 9 + 4)
    #expect(Array(frame[..<8]) == [9, 0, 0, 0, 0, 0, 0, 0])
    // Of the length the checksum is 0x872FCB77, masked in the same way.
    #expect(Array(frame[8..<12]) == [0x37, 0xF9, 0x71, 0x39])
    #expect(Array(frame[12..<21]) == data)
    // (0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8, modulo 2 to the 32nd.
    #expect(RecordFrame.maskedChecksum(of: data) == 0xC78A_B0E5)
    #expect(Array(frame[21...]) == [0xE5, 0xB0, 0x8A, 0xC7])
  }

  @Test func theFirstRecordNamesTheVersion() throws {
    let event = TensorBoardEvent(time: 12.5, step: 0, .version)
    let message = try TBEvent(serializedBytes: Array(event.record[12...].dropLast(4)))
    #expect(message.fileVersion == "brain.Event:2")
    #expect(message.wallTime == 12.5)
  }

  /// Bytes by hand from the numbers of TensorFlow's files: readers of other programs find every field.
  @Test func theBytesAreThoseOfTensorFlowsFieldNumbers() throws {
    let event = TensorBoardEvent(
      time: 1, step: 3, .summaries([Summary("a", .scalar(0.5), description: "")]))
    // Field 1 (double) = 1.0; field 2 (varint) = 3; field 5 (message): value (1): tag (1) "a", simple_value (2) 0.5,
    // metadata (9): plugin_data (1): plugin_name (1) "scalars".
    let value: [UInt8] =
      [0x0A, 1, 0x61, 0x15, 0, 0, 0, 0x3F, 0x4A, 11, 0x0A, 9, 0x0A, 7] + Array("scalars".utf8)
    let expected: [UInt8] =
      [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x10, 3, 0x2A, UInt8(value.count + 2), 0x0A, UInt8(value.count)] + value
    #expect(Array(event.record[12...].dropLast(4)) == expected)
  }

  @Test func aResumeVoidsWhatCameAfterItsStep() throws {
    let message = TensorBoardEvent(time: 1, step: 8, .start).message
    #expect(message.sessionLog.status == .start)
    #expect(message.step == 8)
  }

  @Test func aPictureKeepsItsFileAndSize() throws {
    let message = TensorBoardEvent(
      time: 1, step: 2, .summaries([Summary("p", .picture(png: [1, 2, 3], width: 5, height: 4), description: "d")])
    ).message
    let image = try #require(message.summary.value.first).image
    #expect((image.width, image.height, image.colorspace) == (5, 4, 1))
    #expect(image.encodedImageString == Data([1, 2, 3]))
    #expect(message.summary.value[0].metadata.summaryDescription == "d")
  }
}
