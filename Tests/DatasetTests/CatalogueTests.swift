import Foundation
import TestSupport
import Testing

@testable import Dataset

@Suite struct CatalogueTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes one source's two files of 12 and 3 pictures into `place`.
  private func writeSource(_ place: String, seed: UInt64 = 1, side: Int = 28, isPacked: Bool = true) throws {
    for (name, count) in [(KnownFile.trainImages, 12), (KnownFile.testImages, 3)] {
      let bytes = idx(count: count, side: side, seed: seed + UInt64(count))
      try folder.write(isPacked ? gzip(bytes) : bytes, to: place + "/" + name + (isPacked ? ".gz" : ""))
    }
  }

  private func writeBoth(_ place: String, seed: UInt64 = 1) throws {
    try writeSource(place + "/mnist", seed: seed)
    try writeSource(place + "/fashion-mnist", seed: seed + 100, isPacked: false)
  }

  private func load(
    data: String? = nil, sources: String? = nil, environment: [String: String] = [:], usualPlaces: [String] = []
  ) throws -> SourceData {
    try Catalogue(
      DataRequest(data: data, sources: sources, environment: environment, seed: 1), usualPlaces: usualPlaces
    ).load()
  }

  @Test func theOptionBeatsTheEnvironmentBeatsTheUsualPlaces() throws {
    for (place, seed) in [("option", 1), ("variable", 2), ("usual", 3)] as [(String, UInt64)] {
      try writeBoth(place, seed: seed * 1_000)
    }
    let (option, variable, usual) = (folder.path + "/option", folder.path + "/variable", folder.path + "/usual")
    let first = try load(data: option, environment: ["UNMIX_DATA": variable], usualPlaces: [usual])
    #expect(first.origin == .files(option))
    #expect(first.names == ["mnist", "fashion"])
    #expect(first.train.map(\.count) == [12, 12] && first.test.map(\.count) == [3, 3])
    #expect(first.train[0].pixels == Array(idx(count: 12, seed: 1_012)[16...]))
    #expect(first.train[1].pixels == Array(idx(count: 12, seed: 1_112)[16...]))
    #expect(first.test[1].pixels == Array(idx(count: 3, seed: 1_103)[16...]))
    let second = try load(environment: ["UNMIX_DATA": variable], usualPlaces: [usual])
    #expect(second.origin == .files(variable))
    let third = try load(environment: ["UNMIX_DATA": ""], usualPlaces: [usual])
    #expect(third.train[0].pixels == Array(idx(count: 12, seed: 3_012)[16...]))
    #expect(Set([first, second, third].map(\.fingerprint)).count == 3)
  }

  @Test func syntheticOverridesFilesThatAreThere() throws {
    try writeBoth("data")
    let place = folder.path + "/data"
    #expect(try load(data: "synthetic", environment: ["UNMIX_DATA": place]).origin == .synthetic)
    #expect(try load(environment: ["UNMIX_DATA": "synthetic"], usualPlaces: [place]).origin == .synthetic)
  }

  @Test func sourcesInDifferentUsualPlacesAreBothFound() throws {
    try writeSource("one/mnist")
    try writeSource("two/fashion-mnist", seed: 7)
    let data = try load(usualPlaces: [folder.path + "/one", folder.path + "/two"])
    #expect(data.origin == .files("\(folder.path)/one/mnist, \(folder.path)/two/fashion-mnist"))
  }

  @Test func oneSetAloneInTheUsualPlacesMeansSyntheticForBoth() throws {
    try writeSource("data/mnist")
    #expect(try load(usualPlaces: [folder.path + "/data"]).origin == .synthetic)
    try writeSource("data/fashion-mnist")
    try FileManager.default.removeItem(atPath: folder.path + "/data/fashion-mnist/\(KnownFile.testImages).gz")
    #expect(try load(usualPlaces: [folder.path + "/data"]).origin == .synthetic)
  }

  /// Each of two places has half of a source: no run takes it together.
  @Test func theCheckLooksWhereARunDoes() throws {
    func found(_ places: String...) throws -> [String?] {
      let request = DataRequest(data: nil, sources: nil, environment: [:], seed: 1)
      let catalogue = try Catalogue(request, usualPlaces: places.map { folder($0) })
      let files = KnownFile.all.filter { $0.folder == "mnist" && $0.isRequired }
      return DatasetChecker(catalogue, files: files).check().map(\.path)
    }
    let bytes = try gzip(idx(count: 12))
    try folder.write(bytes, to: "one/mnist/\(KnownFile.trainImages).gz")
    try folder.write(bytes, to: "two/mnist/\(KnownFile.testImages).gz")
    #expect(try found("one", "two") == [folder("one/mnist/\(KnownFile.trainImages).gz"), nil])
    // A place that has all of it is the one.
    try folder.write(bytes, to: "two/mnist/\(KnownFile.trainImages).gz")
    #expect(
      try found("one", "two") == [KnownFile.trainImages, KnownFile.testImages].map { folder("two/mnist/\($0).gz") })
  }

  /// Pictures that are there and cannot be looked at are no reason to train with others.
  @Test func aPlaceThatCannotBeLookedAtIsAnError() throws {
    try writeBoth("data")
    try FileManager.default.removeItem(atPath: folder("data/mnist"))
    try folder.link("data/mnist", to: "mnist")
    for error in [
      datasetError { _ = try load(usualPlaces: [folder("data")]) },
      datasetError { _ = try load(data: folder("data")) },
    ] {
      #expect(
        error?.category == .inputOutput && error?.description.contains("symbolic links") == true, "\(error as Any)")
    }
  }

  @Test func aDamagedFileInAUsualPlaceIsAnError() throws {
    try writeBoth("data")
    try folder.write([1, 2, 3, 4, 5], to: "data/mnist/\(KnownFile.testImages).gz")
    #expect(datasetError { _ = try load(usualPlaces: [folder.path + "/data"]) }?.category == .badData)
  }

  @Test(arguments: ["--data", "UNMIX_DATA"]) func aNamedPlaceThatLacksAFileIsInputMissing(option: String) throws {
    try writeBoth("data")
    try FileManager.default.removeItem(atPath: folder.path + "/data/fashion-mnist/\(KnownFile.testImages)")
    for place in ["data", "nowhere"].map({ folder.path + "/" + $0 }) {
      let error = datasetError {
        _ = option == "--data" ? try load(data: place) : try load(environment: ["UNMIX_DATA": place])
      }
      #expect(error?.category == .inputMissing)
      let text = try #require(error).description
      #expect(text.hasPrefix(place) && text.contains(option) && !text.contains("\n"))
      if place.hasSuffix("data") { #expect(text.contains("fashion-mnist/t10k-images-idx3-ubyte[.gz]")) }
    }
  }

  @Test func otherSourcesAreLoadedUnderTheirNames() throws {
    try writeSource("kuzushiji", seed: 5)
    try writeSource("letters", seed: 6, side: 20, isPacked: false)
    let data = try load(sources: "kmnist=\(folder.path)/kuzushiji,let_ters-2=\(folder.path)/letters")
    #expect(data.names == ["kmnist", "let_ters-2"])
    #expect(data.train[1].rows == 20 && data.train[1].name == "let_ters-2")
    #expect(data.train[0].pixels == Array(idx(count: 12, seed: 17)[16...]))
    let error = datasetError { _ = try load(sources: "a=\(folder.path)/kuzushiji,b=\(folder.path)/none") }
    #expect(error?.category == .inputMissing)
  }

  @Test(arguments: [
    "", "a=x", "a=x,b=y,c=z", "a=x,a=y", "A=x,b=y", "a=x,b", "=x,b=y", "a=,b=y", "a b=x,c=y", "a=x,b/c=y",
  ])
  func malformedSourcesAreAUsageError(sources: String) {
    #expect(datasetError { _ = try load(sources: sources) }?.category == .usage)
  }

  @Test func sourcesWithDataAndAnEmptyDataAreUsageErrors() {
    #expect(datasetError { _ = try load(data: "x", sources: "a=x,b=y") }?.category == .usage)
    #expect(datasetError { _ = try load(data: "") }?.category == .usage)
  }

  @Test func trainingAndTestPicturesOfDifferentSizesAreAnError() throws {
    try writeBoth("data")
    try folder.write(idx(count: 3, side: 20), to: "data/mnist/\(KnownFile.testImages)")
    let error = datasetError { _ = try load(data: folder.path + "/data") }
    guard case .wrongDimensions(_, 20, 20, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func oneTrainingPictureCannotBeSplit() throws {
    try writeBoth("data")
    let path = try folder.write(idx(count: 1), to: "data/mnist/\(KnownFile.trainImages)")
    #expect(
      datasetError { _ = try load(data: folder.path + "/data") } == .tooFewPictures(path: path, found: 1, needed: 2))
  }

  @Test func fingerprintDependsOnContentAndNotOnPlaceOrCompression() throws {
    try writeSource("one/mnist", isPacked: true)
    try writeSource("one/fashion-mnist", seed: 50)
    try writeSource("two/mnist", isPacked: false)
    try writeSource("two/fashion-mnist", seed: 50)
    let one = try load(data: folder.path + "/one")
    #expect(try load(data: folder.path + "/two").fingerprint == one.fingerprint)
    #expect(one.fingerprint.count == 64)
    let renamed = SourceData(names: ["mnist", "other"], origin: one.origin, train: one.train, test: one.test)
    let swapped = SourceData(names: one.names, origin: one.origin, train: one.train.reversed(), test: one.test)
    var pixels = one.train[1].pixels
    pixels[4_000] ^= 1
    let set = ImageSet(name: "fashion", count: 12, rows: 28, columns: 28, pixels: pixels)
    let changed = SourceData(names: one.names, origin: one.origin, train: [one.train[0], set], test: one.test)
    let prints = [one, renamed, swapped, changed].map(\.fingerprint)
    #expect(Set(prints).count == 4)
  }

  /// The published sets where UNMIX_DATA names them, else the procedural ones: what the environment says is what
  /// a run gets.
  @Test func theDataOfThisMachineIsWhole() throws {
    let environment = ProcessInfo.processInfo.environment
    let request = DataRequest(data: nil, sources: nil, environment: environment, seed: 1)
    let data = try Catalogue(request, usualPlaces: []).load()
    guard let place = environment["UNMIX_DATA"], !place.isEmpty, place != "synthetic" else {
      #expect(data.origin == .synthetic && data.train.map(\.count) == [6_000, 6_000])
      return
    }
    #expect(data.origin == .files(place))
    #expect(data.train.map(\.count) == [60_000, 60_000] && data.test.map(\.count) == [10_000, 10_000])
    let findings = try DatasetChecker(request).check()
    #expect(findings.count == 8)
    for finding in findings {
      #expect(finding.matches || (finding.path == nil && !finding.file.isRequired), "\(finding)")
    }
  }
}
