import Glibc
import TestSupport
import Testing

@testable import Model

/// Every kind of damage gives its own error, which names the file and the tensor.
struct SafeTensorsReadingTests {
  /// A file of `header` and `data`, as `hostile.st`.
  private func read(_ header: String, data: [UInt8] = []) throws -> SafeTensorsFile {
    try SafeTensorsFile(bytes: file(header, data: data), path: "hostile.st")
  }

  private func file(_ header: String, data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
  }

  private func entry(_ name: String, _ shape: [Int], _ begin: Int, _ end: Int, dtype: String = "F32") -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
  }

  private func expect(_ error: SafeTensorsError, _ header: String, data: [UInt8] = []) {
    #expect(throws: error) { try read(header, data: data) }
    #expect(error.description.hasPrefix("hostile.st: ") && !error.description.contains("\n"))
  }

  @Test func missingFileIsNamed() {
    #expect(throws: SafeTensorsError.fileMissing(path: "/nowhere/w.st")) {
      try SafeTensorsFile(contentsOf: "/nowhere/w.st")
    }
    #expect(SafeTensorsError.fileMissing(path: "w.st").category == .inputMissing)
  }

  @Test func folderIsNoFile() {
    #expect(throws: SafeTensorsError.unreadable(path: "/", reason: "not a regular file")) {
      try SafeTensorsFile(contentsOf: "/")
    }
  }

  @Test func fileShorterThanItsLengthFieldIsTooShort() {
    for count in 0..<8 {
      #expect(throws: SafeTensorsError.tooShort(path: "hostile.st", byteCount: count)) {
        try SafeTensorsFile(bytes: Array(repeating: 0, count: count), path: "hostile.st")
      }
    }
  }

  @Test func headerBeyondTheFileIsTruncated() {
    let bytes = file("{}", data: []).dropLast()
    #expect(throws: SafeTensorsError.headerBeyondFile(path: "hostile.st", byteCount: 2, available: 1)) {
      try SafeTensorsFile(bytes: Array(bytes), path: "hostile.st")
    }
  }

  @Test func headerAboveTheFormatsLimitIsRefusedBeforeItIsRead() {
    for length in [100_000_001, UInt64.max, 1 << 63] {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array("{}".utf8)
      #expect(throws: SafeTensorsError.headerTooLong(path: "hostile.st", byteCount: length)) {
        try SafeTensorsFile(bytes: bytes, path: "hostile.st")
      }
    }
  }

  @Test(arguments: [
    "", " {}", "[]", "{", "{}}", "{} x", "{\"a\"}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{},}", "nonsense",
    #"{"a":{"dtype":"F32","shape":[1]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":"x"}}"#,
    #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":"\ud800"}}"#, #"{"__metadata__":{"a":"\x"}}"#,
    #"{"__metadata__":{"a":"\u12G4"}}"#, "{\"__metadata__\":{\"a\":\"\u{1}\"}}", #"{"__metadata__":{"a":"b}}"#,
  ])
  func malformedHeaderIsRefused(_ header: String) throws {
    let error = try #require(throws: SafeTensorsError.self) { try read(header, data: [0, 0, 0, 0]) }
    guard case .malformedHeader("hostile.st", _, _) = error else {
      Issue.record("\(header): \(error)")
      return
    }
  }

  @Test func headerThatIsNotUTF8IsMalformed() throws {
    let bytes = file("{\"__metadata__\":{\"a\":\"?\"}}", data: []).map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
    let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(bytes: bytes, path: "hostile.st") }
    #expect(error.description.contains("not UTF-8"))
  }

  @Test func nameThatStandsTwiceIsNamed() {
    expect(
      .duplicateName(path: "hostile.st", name: "a"), "{\(entry("a", [1], 0, 4)),\(entry("a", [1], 4, 8))}",
      data: Array(repeating: 0, count: 8))
    expect(.duplicateName(path: "hostile.st", name: "k"), #"{"__metadata__":{"k":"1","\u006b":"2"}}"#)
    expect(.duplicateName(path: "hostile.st", name: "__metadata__"), #"{"__metadata__":{},"__metadata__":{}}"#)
  }

  @Test func unknownDtypeIsNamed() {
    expect(
      .unknownDtype(path: "hostile.st", tensor: "a", dtype: "F31"), "{\(entry("a", [1], 0, 4, dtype: "F31"))}",
      data: [0, 0, 0, 0])
  }

  @Test func shapeThatOverflowsIsNamed() {
    let huge = [1 << 31, 1 << 31, 4]
    expect(
      .shapeOverflow(path: "hostile.st", tensor: "a", shape: huge), "{\(entry("a", huge, 0, 4))}", data: [0, 0, 0, 0])
    expect(.shapeOverflow(path: "hostile.st", tensor: "a", shape: [.max]), "{\(entry("a", [.max], 0, 0))}")
  }

  @Test func byteCountThatContradictsTheShapeIsNamed() {
    expect(
      .wrongByteCount(path: "hostile.st", tensor: "a", expected: 8, found: 4), "{\(entry("a", [2], 0, 4))}",
      data: [0, 0, 0, 0])
  }

  @Test func reversedRangeIsNamed() {
    expect(
      .reversedRange(path: "hostile.st", tensor: "a", begin: 4, end: 0), "{\(entry("a", [1], 4, 0))}",
      data: [0, 0, 0, 0])
  }

  @Test func truncatedDataNamesTheMissingBytes() throws {
    let header = "{\(entry("a", [2], 0, 8))}"
    expect(.rangeBeyondFile(path: "hostile.st", tensor: "a", end: 8, available: 5), header, data: [0, 0, 0, 0, 0])
    let error = try #require(throws: SafeTensorsError.self) { try read(header, data: [0, 0, 0, 0, 0]) }
    #expect(error.description.contains("3 bytes past the end"))
    #expect(throws: SafeTensorsError.rangeBeyondFile(path: "hostile.st", tensor: "a", end: .max, available: 0)) {
      try read("{\(entry("a", [1], 0, .max))}")
    }
  }

  @Test func overlappingTensorsAreNamed() {
    let header = "{\(entry("a", [2], 0, 8)),\(entry("b", [2], 4, 12))}"
    expect(.overlap(path: "hostile.st", tensor: "b", byteCount: 4), header, data: Array(repeating: 0, count: 12))
  }

  @Test func tensorsThatShareOneRangeOverlap() {
    let header = "{\(entry("a", [1], 0, 4)),\(entry("b", [1], 0, 4))}"
    expect(.overlap(path: "hostile.st", tensor: "b", byteCount: 4), header, data: [0, 0, 0, 0])
  }

  @Test func gapBetweenTensorsIsNamed() {
    let header = "{\(entry("b", [1], 8, 12)),\(entry("a", [1], 0, 4))}"
    expect(.gap(path: "hostile.st", tensor: "b", byteCount: 4), header, data: Array(repeating: 0, count: 12))
  }

  @Test func trailingBytesAreCounted() {
    expect(.trailingBytes(path: "hostile.st", byteCount: 3), "{\(entry("a", [1], 0, 4))}", data: [0, 0, 0, 0, 1, 2, 3])
    expect(.trailingBytes(path: "hostile.st", byteCount: 1), "{}", data: [0])
  }

  @Test func messageStaysOneShortLineWhateverTheName() {
    let name = "a\nb\u{1B}[2J" + String(repeating: "x", count: 10_000)
    let field = "{\"\(name.replacing("\n", with: "\\n").replacing("\u{1B}", with: "\\u001b"))\":{\"x\":1}}"
    let malformed = #expect(throws: SafeTensorsError.self) { try read(field) }
    let heads = UNetConfiguration(heads: ["b", name])
    let texts = [
      SafeTensorsError.missingTensor(path: "w.st", tensor: name).description,
      SafeTensorsError.unknownHeadOrder(path: "w.st", heads: ["b", name]).description,
      SafeTensorsError.wrongDtype(path: "w.st", tensor: name, expected: "F32", found: name).description,
      malformed?.description ?? "", heads.headsProblem ?? "", UNetConfiguration(heads: [name]).headsProblem ?? "",
    ]
    for text in texts {
      #expect((20..<400).contains(text.count), "\(text.prefix(100))")
      #expect(!text.contains { $0.isNewline || $0 == "\u{1B}" }, "\(text)")
    }
  }

  /// Its size alone tells: nothing of it is read but the first bytes.
  @Test func aFileThatIsNoneAndLargerThanAnyMemoryIsRefused() throws {
    let scratch = try TemporaryFolder()
    let path = try scratch.write(file("{}", data: []), to: "w.st")
    #expect(unsafe truncate(path, 1 << 42) == 0)
    #expect(throws: SafeTensorsError.trailingBytes(path: path, byteCount: 1 << 42 - 10)) {
      try SafeTensorsFile(contentsOf: path)
    }
    try scratch.write([UInt8](repeating: 0xFF, count: 8), to: "image")
    #expect(unsafe truncate(scratch("image"), 1 << 42) == 0)
    #expect(throws: SafeTensorsError.headerTooLong(path: scratch("image"), byteCount: .max)) {
      try SafeTensorsFile(contentsOf: scratch("image"))
    }
  }

  @Test func aFileReadsAsItsBytesDo() throws {
    let scratch = try TemporaryFolder()
    let bytes = try SafeTensorsFile(
      tensors: [
        .init(name: "b", shape: [3], values: [1, 2, 3] as [Float]), .init(name: "none", shape: [0], values: [Float]()),
        .init(name: "a", shape: [2, 1], values: [4, 5] as [Float]),
      ], metadata: ["k": "v"]
    ).serialized()
    let path = try scratch.write(bytes, to: "w.st")
    let (file, same) = (try SafeTensorsFile(contentsOf: path), try SafeTensorsFile(bytes: bytes, path: path))
    #expect(file.tensors.map(\.name) == same.tensors.map(\.name) && file.metadata == same.metadata)
    for tensor in file.tensors { #expect(try tensor.bytes == same.tensor(tensor.name).bytes) }
    for length in [0, 7, 8, 20, bytes.count - 1] {
      try scratch.write(Array(bytes.prefix(length)), to: "cut.st")
      let error = try #require(throws: SafeTensorsError.self) { try SafeTensorsFile(contentsOf: scratch("cut.st")) }
      #expect(throws: error) { try SafeTensorsFile(bytes: Array(bytes.prefix(length)), path: scratch("cut.st")) }
    }
  }

  @Test func everyTruncationOfAGoodFileIsRefused() throws {
    let good = try SafeTensorsFile(
      tensors: [.init(name: "a", shape: [2, 2], values: [1, 2, 3, 4] as [Float])], metadata: ["k": "v"]
    ).serialized()
    for length in 0..<good.count {
      #expect(throws: SafeTensorsError.self) { try SafeTensorsFile(bytes: Array(good.prefix(length)), path: "cut") }
    }
  }

  @Test func anyChangedHeaderByteIsReadOrRefusedButNeverTraps() throws {
    let good = try SafeTensorsFile(
      tensors: [.init(name: "a", shape: [2, 2], values: [1, 2, 3, 4] as [Float])], metadata: ["k": "v"]
    ).serialized()
    var refused = 0
    for i in 0..<(good.count - 16) {
      for value in 0...UInt8.max {
        var bytes = good
        bytes[i] = value
        do { _ = try SafeTensorsFile(bytes: bytes, path: "changed") } catch { refused += 1 }
      }
    }
    // Most bytes of a header carry structure.
    #expect(refused > (good.count - 16) * 200)
  }

  @Test func aLargeFileLoadsWithoutAnElementLoop() throws {
    let values = [Float](repeating: 0.5, count: 10_000_000)
    let bytes = try SafeTensorsFile(tensors: [.init(name: "a", shape: [values.count], values: values)]).serialized()
    // Processor time of this thread: a busy machine must not fail the test.
    let before = threadSeconds()
    let floats = try SafeTensorsFile(bytes: bytes, path: "large").tensor("a").floats()
    let seconds = threadSeconds() - before
    #expect(floats == values)
    #expect(seconds < 0.5, "\(seconds) s for 40 MB")
  }

  private func threadSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
