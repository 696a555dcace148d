/// Where a source's pictures are: two IDX files, or the folders `train` and `test` of PNG files.
struct SourceFiles {
  let train: String
  let test: String
  /// Whether these are folders of PNG files.
  let isFolders: Bool

  /// Looks into `folder`, which `option` named. Throws `missingFile` where neither is there, `usage` where both are.
  init(folder: String, option: String) throws(DatasetError) {
    let folders = ["train", "test"].map { folder + "/" + $0 }
    let hasFolders = folders.allSatisfy { FileSystem.kind(of: $0) == .directory }
    let files = Catalogue.imageFiles.map { Catalogue.find($0, in: folder) }
    if hasFolders {
      guard files.allSatisfy({ $0 == nil }) else {
        throw .usage(
          option: option, reason: "\(folder) has IDX files, and train and test folders of PNGs; move one of them away")
      }
      (train, test, isFolders) = (folders[0], folders[1], true)
      return
    }
    guard let train = files[0], let test = files[1] else {
      let missing = Catalogue.imageFiles[files[0] == nil ? 0 : 1]
      throw .missingFile(
        path: "\(folder)/\(missing)[.gz]",
        advice:
          "\(option) names this place; fetch the file, or name another place (own pictures: folders train and test of PNGs)"
      )
    }
    (self.train, self.test, isFolders) = (train, test, false)
  }

  /// Reads one of the two. `afterEachFile` is called once it is read, of PNGs also in between.
  func load(
    _ path: String, name: String, minimumCount: Int, _ afterEachFile: () throws -> Void
  ) throws -> ImageSet {
    let set =
      isFolders
      ? try ImageSet(pngsIn: path, name: name, afterEachBatch: afterEachFile)
      : try ImageSet(contentsOf: path, name: name)
    try afterEachFile()
    guard set.count >= minimumCount else {
      throw DatasetError.tooFewPictures(path: path, found: set.count, needed: minimumCount)
    }
    return set
  }
}
