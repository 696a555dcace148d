import Testing

@testable import Model

struct SafeTensorsWritingTests {
  @Test func fileEqualsTheOneWrittenByHandByteForByte() throws {
    let header = #"{"__metadata__":{"heads":"mnist,fashion"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(padded.utf8.count == 96)
    let byHand: [UInt8] =
      [96, 0, 0, 0, 0, 0, 0, 0] + Array(padded.utf8) + [0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x20, 0xC0]
    let file = SafeTensorsFile(
      tensors: [.init(name: "w", shape: [2], values: [1, -2.5] as [Float])], metadata: ["heads": "mnist,fashion"])
    #expect(try file.serialized() == byHand)

    let read = try SafeTensorsFile(bytes: byHand, path: "by hand")
    #expect(try read.tensor("w").floats() == [1, -2.5])
    #expect(read.tensors == file.tensors && read.metadata == file.metadata)
  }

  @Test func everyDtypeAndOddNamesSurviveTheRoundTrip() throws {
    let tensors: [SafeTensorsFile.Tensor] = [
      .init(name: "f64", shape: [1, 2], values: [.pi, -0.0] as [Double]),
      .init(name: "i64", shape: [3], values: [.min, 0, .max] as [Int64]),
      .init(name: "f32", shape: [2, 1], values: [.greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float]),
      .init(name: "empty", shape: [0, 4], values: [] as [Float]),
      .init(name: "scalar", shape: [], values: [7] as [Float]),
      .init(name: "b", dtype: "BF16", shape: [1], bytes: [0x80, 0x3F]),
      .init(name: "é \"quoted\" \\ \n \u{1} 🙂", dtype: "U8", shape: [3], bytes: [1, 2, 3]),
    ]
    let metadata = ["a": "", "key \"\\\t": "é\u{1F642}\n"]
    let bytes = try SafeTensorsFile(tensors: tensors, metadata: metadata).serialized()
    let read = try SafeTensorsFile(bytes: bytes, path: "round trip")
    #expect(read.tensors.count == tensors.count)
    for tensor in tensors { #expect(read[tensor.name] == tensor) }
    #expect(read.metadata == metadata)
    #expect(try read.serialized() == bytes)
    #expect(try read.tensor("i64").integers() == [.min, 0, .max])
    #expect(try read.tensor("f64").doubles() == [.pi, 0])
    #expect(
      try read.tensor("f32").doubles() == [Double(Float.greatestFiniteMagnitude), Double(Float.leastNonzeroMagnitude)])
  }

  @Test func narrowTensorsComeLastSoThatEveryTensorIsAligned() throws {
    let file = SafeTensorsFile(tensors: [
      .init(name: "u8", dtype: "U8", shape: [3], bytes: [1, 2, 3]),
      .init(name: "f32", shape: [1], values: [1] as [Float]),
      .init(name: "f64", shape: [1], values: [2] as [Double]),
    ])
    let bytes = try file.serialized()
    #expect(bytes.count % 8 == (8 + 4 + 3) % 8 && bytes[0] % 8 == 0)
    #expect(try SafeTensorsFile(bytes: bytes, path: "aligned").tensors.map(\.name) == ["f64", "f32", "u8"])
  }

  @Test func orderOfMetadataDoesNotChangeTheBytes() throws {
    let keys = (0..<50).map { "key \($0)" }
    let one = SafeTensorsFile(tensors: [], metadata: Dictionary(uniqueKeysWithValues: keys.map { ($0, $0) }))
    let other = SafeTensorsFile(
      tensors: [], metadata: Dictionary(uniqueKeysWithValues: keys.reversed().map { ($0, $0) }))
    #expect(try one.serialized() == other.serialized())
  }

  @Test func escapesOfOtherWritersAreRead() throws {
    let header = #"{"__metadata__":{"k\/\u00e9":"\ud83d\ude42\b\f\n\r\t\"\\"}}"#
    let bytes = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
    #expect(try SafeTensorsFile(bytes: bytes, path: "escapes").metadata == ["k/é": "🙂\u{8}\u{C}\n\r\t\"\\"])
  }

  @Test func tensorsThatNoFileCanHoldAreRefused() {
    let one = SafeTensorsFile.Tensor(name: "a", shape: [1], values: [1] as [Float])
    #expect(throws: SafeTensorsError.duplicateName(path: "(memory)", name: "a")) {
      try SafeTensorsFile(tensors: [one, one]).serialized()
    }
    #expect(throws: SafeTensorsError.wrongByteCount(path: "(memory)", tensor: "b", expected: 4, found: 1)) {
      try SafeTensorsFile(tensors: [.init(name: "b", dtype: "F32", shape: [1], bytes: [0])]).serialized()
    }
    #expect(throws: SafeTensorsError.duplicateName(path: "(memory)", name: "__metadata__")) {
      try SafeTensorsFile(tensors: [.init(name: "__metadata__", shape: [0], values: [] as [Float])]).serialized()
    }
  }

  @Test func elementsOfAnotherDtypeAreRefusedByName() throws {
    let tensor = SafeTensorsFile.Tensor(name: "a", shape: [1], values: [1] as [Int64])
    #expect(throws: SafeTensorsError.wrongDtype(path: "(memory)", tensor: "a", expected: "F32", found: "I64")) {
      try tensor.floats()
    }
    #expect(throws: SafeTensorsError.wrongDtype(path: "(memory)", tensor: "a", expected: "F64", found: "I64")) {
      try tensor.doubles()
    }
  }
}
