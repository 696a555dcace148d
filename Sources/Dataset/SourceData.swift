/// The pictures of a run: two sources, each with a training and a test set.
package struct SourceData: Sendable {
  /// Where the pictures come from; every output of a run says so.
  package enum Origin: Sendable, Equatable, CustomStringConvertible {
    /// Files in the folders named by the text.
    case files(String)
    /// Drawn by this program from the seed.
    case synthetic

    package var description: String {
      switch self {
      case .files(let folders): folders
      case .synthetic: "synthetic"
      }
    }
  }

  /// The two sources, "mnist" and "fashion" unless others were named.
  package let names: [String]
  package let origin: Origin
  /// One set for each source.
  package let train: [ImageSet]
  /// One set for each source.
  package let test: [ImageSet]
  /// SHA-256 over names, sizes and pixels of all four sets, in hexadecimal; recorded in checkpoints. It does
  /// not depend on where the files lie or how they are compressed.
  package let fingerprint: String

  /// The longest side of any picture.
  package var pictureSide: Int { (train + test).reduce(0) { max($0, $1.rows, $1.columns) } }

  /// Traps unless there are two names and two sets of each kind, with at least two training pictures (one is
  /// for validation) and one test picture in each.
  package init(names: [String], origin: Origin, train: [ImageSet], test: [ImageSet]) {
    precondition(names.count == 2, "two sources are mixed, not \(names.count)")
    precondition(train.count == 2 && test.count == 2, "two sets of each kind, not \(train.count) and \(test.count)")
    for set in train { precondition(set.count >= 2, "\(set.name): \(set.count) training pictures, 2 are needed") }
    for set in test { precondition(set.count >= 1, "\(set.name): \(set.count) test pictures, 1 is needed") }
    self.names = names
    self.origin = origin
    self.train = train
    self.test = test
    var digest = Digest()
    for (source, name) in names.enumerated() {
      digest.update(name)
      for set in [train[source], test[source]] {
        digest.update(set.count)
        digest.update(set.rows)
        digest.update(set.columns)
        digest.update(set.pixels)
      }
    }
    fingerprint = digest.finish()
  }
}
