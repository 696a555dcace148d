import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Dataset

@Suite struct FetchTests {
  let folder: TemporaryFolder
  /// What the mirrors hold: about 23,000 bytes that gzip cannot shrink.
  let content = idx(count: 30)
  let packed: [UInt8]
  private let place = "mnist/pictures.gz"
  private let partial = "mnist/.pictures.gz.partial"

  init() throws {
    folder = try TemporaryFolder()
    packed = try gzip(content)
  }

  private func file(mirrors: [String], sha256: String? = nil) -> KnownFile {
    var digest = Digest()
    digest.update(content)
    return KnownFile(
      source: "mnist", folder: "mnist", name: "pictures", sha256: sha256 ?? digest.finish(), byteCount: content.count,
      isRequired: true, mirrors: mirrors)
  }

  @discardableResult
  private func fetch(_ file: KnownFile, report: @escaping (DatasetFetcher.Event) -> Void = { _ in }) throws -> [String]
  {
    try DatasetFetcher(folder: folder.path, files: [file], fromThisMachine: true).fetch(report: report)
  }

  @Test func aFileIsFetchedWhole() throws {
    let server = TestServer(serving: packed)
    var events: [DatasetFetcher.Event] = []
    let paths = try fetch(file(mirrors: [server.url])) { events.append($0) }
    #expect(paths == [folder.path + "/" + place])
    #expect(folder.read(place) == packed)
    #expect(folder.read(partial) == nil)
    #expect(events.first == .started(url: server.url + "pictures.gz", resumedByteCount: 0))
    #expect(events.last == .finished(path: paths[0]))
    let whole = DatasetFetcher.Event.progress(
      url: server.url + "pictures.gz", receivedByteCount: packed.count, totalByteCount: packed.count)
    #expect(events.contains(whole))
  }

  @Test func anInterruptedDownloadGoesOnWhereItStopped() throws {
    let broken = TestServer(serving: packed, breakingAfter: 1_000)
    let error = datasetError { try fetch(file(mirrors: [broken.url])) }
    #expect(error?.category == .inputOutput)
    #expect(folder.read(partial) == Array(packed[..<1_000]))
    let server = TestServer(serving: packed)
    try fetch(file(mirrors: [server.url]))
    #expect(server.requestedOffsets == [1_000])
    #expect(folder.read(place) == packed)
  }

  @Test func theNextMirrorGoesOnWhereTheFirstBroke() throws {
    let broken = TestServer(serving: packed, breakingAfter: 5_000)
    let server = TestServer(serving: packed)
    var failures = 0
    try fetch(file(mirrors: [broken.url, server.url])) { if case .mirrorFailed = $0 { failures += 1 } }
    #expect(failures == 1)
    #expect(server.requestedOffsets == [5_000])
    #expect(folder.read(place) == packed)
  }

  @Test func aCompletePartialFileNeedsNothingMore() throws {
    try folder.write(packed, to: partial)
    let server = TestServer(serving: packed)
    try fetch(file(mirrors: [server.url]))
    #expect(server.requestedOffsets.isEmpty)
    #expect(folder.read(place) == packed && folder.read(partial) == nil)
  }

  @Test func aPartialFileBeyondTheEndIsFetchedAgainWhole() throws {
    try folder.write(noise(count: packed.count + 5, seed: 3), to: partial)
    let server = TestServer(serving: packed)
    try fetch(file(mirrors: [server.url]))
    #expect(server.requestedOffsets == [packed.count + 5, 0])
    #expect(folder.read(place) == packed)
  }

  @Test func aSpoiltPartialFileIsFetchedAgainWhole() throws {
    try folder.write(noise(count: 500, seed: 3), to: partial)
    let server = TestServer(serving: packed)
    try fetch(file(mirrors: [server.url]))
    #expect(server.requestedOffsets == [500, 0])
    #expect(folder.read(place) == packed)
  }

  @Test func aServerWithoutRangesSendsTheWholeFile() throws {
    try folder.write(Array(packed[..<700]), to: partial)
    let server = TestServer(serving: packed, ignoringRanges: true)
    try fetch(file(mirrors: [server.url]))
    #expect(server.requestedOffsets == [700, 0])
    #expect(folder.read(place) == packed)
  }

  @Test func aWrongDigestLeavesNoFile() throws {
    let server = TestServer(serving: packed)
    let wrong = String(repeating: "0", count: 64)
    var reasons: [String] = []
    let error = datasetError {
      try fetch(file(mirrors: [server.url], sha256: wrong)) {
        if case .mirrorFailed(_, let reason) = $0 { reasons.append(reason) }
      }
    }
    guard case .download(_, let causes)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(causes.count == 1 && causes[0].hasPrefix(server.url))
    #expect(reasons.count == 1 && reasons[0].contains(wrong))
    #expect(folder.read(place) == nil && folder.read(partial) == nil)
  }

  @Test func aPageInsteadOfTheFileIsNotTaken() throws {
    let server = TestServer(serving: Array("<html>Please log in</html>".utf8))
    #expect(datasetError { try fetch(file(mirrors: [server.url])) } != nil)
    #expect(folder.read(place) == nil && folder.read(partial) == nil)
  }

  @Test func moreThanTheFileCanHaveIsCutOff() throws {
    let server = TestServer(serving: noise(count: 3 << 20, seed: 1))
    let error = datasetError { try fetch(file(mirrors: [server.url])) }
    #expect(error?.description.contains("sends more than") == true)
    #expect(folder.read(place) == nil && folder.read(partial) == nil)
  }

  @Test func everyMirrorThatFailsSaysWhy() throws {
    let refused = "http://127.0.0.1:\(TestServer.closedPort())/"
    let server = TestServer { _, _ in
      TestServer.Response(status: "404 Not Found", contentLength: 4, body: [1, 2, 3, 4])
    }
    let error = datasetError { try fetch(file(mirrors: [refused, server.url])) }
    guard case .download("mnist/pictures.gz", let reasons)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reasons.count == 2)
    #expect(reasons[0].hasPrefix(refused) && reasons[0].lowercased().contains("connect"))
    #expect(reasons[1].hasPrefix(server.url) && reasons[1].contains("404"))
    #expect(error?.category == .inputOutput && error?.description.contains("\n") == false)
    #expect(folder.read(partial) == nil)
  }

  @Test func onlyHTTPSIsSpoken() throws {
    let server = TestServer(serving: packed)
    let files = [file(mirrors: [server.url])]
    let error = datasetError { _ = try DatasetFetcher(folder: folder.path, files: files).fetch() }
    #expect(error?.description.contains("Protocol \"http\"") == true, "\(String(describing: error))")
    #expect(folder.read(place) == nil)
  }

  @Test func aRefusedConnectionKeepsWhatIsThere() throws {
    try folder.write(Array(packed[..<700]), to: partial)
    let refused = "http://127.0.0.1:\(TestServer.closedPort())/"
    #expect(datasetError { try fetch(file(mirrors: [refused])) } != nil)
    #expect(folder.read(partial) == Array(packed[..<700]))
  }

  @Test(arguments: [true, false]) func aRightFileIsNotFetchedAgain(isPacked: Bool) throws {
    let name = isPacked ? place : "mnist/pictures"
    try folder.write(isPacked ? packed : content, to: name)
    var events: [DatasetFetcher.Event] = []
    // No mirror: any attempt to download would throw.
    #expect(try fetch(file(mirrors: [])) { events.append($0) } == [folder.path + "/" + name])
    #expect(events == [.alreadyThere(path: folder.path + "/" + name)])
  }

  @Test func aWrongFileIsNamedAndLeftAlone() throws {
    let other = try gzip(idx(count: 30, seed: 2))
    let path = try folder.write(other, to: place)
    let server = TestServer(serving: packed)
    let error = datasetError { try fetch(file(mirrors: [server.url])) }
    guard case .wrongDigest(path, _, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(folder.read(place) == other)
    #expect(server.requestedOffsets.isEmpty)
  }

  /// Both would append to one partial file.
  @Test func twoThatFetchOneFileDoNotSpoilIt() throws {
    let known = Mutex<KnownFile?>(nil)
    let waited = Mutex<[String]>([])
    let (path, packed) = (folder.path, packed)
    let ended = DispatchSemaphore(value: 0)
    let server = TestServer { _, _ in
      // The second one starts while the first one's request is answered.
      let started = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        guard let file = known.withLock({ $0 }) else { return }
        let paths = try? DatasetFetcher(folder: path, files: [file], fromThisMachine: true).fetch {
          guard case .waiting(let waiting) = $0 else { return }
          waited.withLock { $0.append(waiting) }
          started.signal()
        }
        waited.withLock { $0 += paths ?? [] }
        ended.signal()
      }
      _ = started.wait(timeout: .now() + 20)
      return .init(contentLength: packed.count, body: packed[...])
    }
    let file = file(mirrors: [server.url])
    known.withLock { $0 = file }
    #expect(try fetch(file) == [folder(place)])
    #expect(ended.wait(timeout: .now() + 20) == .success)
    #expect(waited.withLock { $0 } == [folder(place), folder(place)], "it waited, and then had the file")
    #expect(server.requestedOffsets == [0] && folder.read(place) == packed)
    #expect(try folder.names(in: "mnist") == ["pictures.gz"])
  }

  @Test func aDiskThatCannotBeWrittenIsNoFailureOfTheMirrors() throws {
    try FileManager.default.createDirectory(atPath: folder(partial), withIntermediateDirectories: true)
    let servers = [TestServer(serving: packed), TestServer(serving: packed)]
    let error = datasetError { try fetch(file(mirrors: servers.map(\.url))) }
    guard case .unwritable(folder(partial), _) = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(servers.allSatisfy { $0.requestedOffsets.isEmpty })
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let blocked = try folder.write([1], to: "blocked")
    let error = datasetError { _ = try DatasetFetcher(folder: blocked, files: [file(mirrors: ["x"])]).fetch() }
    #expect(error?.category == .inputOutput)
    #expect(error?.description.hasPrefix(blocked) == true)
  }

  @Test func checkerTellsRightWrongDamagedAndMissingFilesApart() throws {
    func check() throws -> DatasetChecker.Finding {
      let request = DataRequest(data: folder.path, sources: nil, environment: [:], seed: 1)
      return try DatasetChecker(request, files: [file(mirrors: [])]).check()[0]
    }
    let missing = try check()
    #expect(!missing.matches && missing.path == nil && missing.sha256 == nil && missing.problem == nil)
    try folder.write(packed, to: place)
    let right = try check()
    #expect(right.matches && right.path == folder.path + "/" + place && right.problem == nil)
    try folder.write(gzip(idx(count: 40)), to: place)
    let wrong = try check()
    #expect(!wrong.matches && wrong.sha256?.count == 64)
    try folder.write(Array(packed.dropLast(4)), to: place)
    let damaged = try check()
    #expect(!damaged.matches && damaged.sha256 == nil && damaged.problem?.contains("truncated") == true)
  }

  @Test func theFolderToFillFollowsTheRequest() throws {
    func folder(_ data: String?, _ environment: [String: String] = [:], sources: String? = nil) throws -> String {
      try Catalogue(DataRequest(data: data, sources: sources, environment: environment, seed: 1)).fetchFolder()
    }
    #expect(try folder("x", ["UNMIX_DATA": "y"]) == "x")
    #expect(try folder(nil, ["UNMIX_DATA": "y"]) == "y")
    #expect(try folder(nil) == "./data")
    #expect(datasetError { _ = try folder("synthetic") }?.category == .usage)
    #expect(datasetError { _ = try folder(nil, sources: "a=x,b=y") }?.category == .usage)
  }

  @Test func thePublishedListIsComplete() {
    #expect(KnownFile.all.count == 8)
    #expect(Set(KnownFile.all.map(\.sha256)).count == 8)
    #expect(Set(KnownFile.all.map { $0.folder + "/" + $0.name }).count == 8)
    for file in KnownFile.all {
      #expect(file.sha256.count == 64 && file.mirrors.count >= 2)
      #expect(file.mirrors.allSatisfy { $0.hasPrefix("https://") && $0.hasSuffix("/") })
    }
  }
}
