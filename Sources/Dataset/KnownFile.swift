/// One of the published files: where it lies in a data folder, what it must hold, where it can be fetched.
package struct KnownFile: Sendable, Equatable {
  /// The source it belongs to, "mnist" or "fashion".
  package let source: String
  /// The folder below the data folder.
  package let folder: String
  /// The usual name, without ".gz".
  package let name: String
  /// SHA-256 of the uncompressed content, in hexadecimal.
  package let sha256: String
  /// Bytes of the uncompressed content.
  package let byteCount: Int
  /// False for labels, which no run needs.
  package let isRequired: Bool
  /// Addresses of folders that hold the file as "`name`.gz", tried in this order.
  package let mirrors: [String]

  package init(
    source: String, folder: String, name: String, sha256: String, byteCount: Int, isRequired: Bool, mirrors: [String]
  ) {
    self.source = source
    self.folder = folder
    self.name = name
    self.sha256 = sha256
    self.byteCount = byteCount
    self.isRequired = isRequired
    self.mirrors = mirrors
  }

  static let trainImages = "train-images-idx3-ubyte"
  static let testImages = "t10k-images-idx3-ubyte"

  /// The eight files of MNIST and Fashion-MNIST.
  package static let all: [KnownFile] =
    set(
      source: "mnist", folder: "mnist",
      mirrors: [
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
      ],
      trainImages: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      trainLabels: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      testImages: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      testLabels: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")
    + set(
      source: "fashion", folder: "fashion-mnist",
      mirrors: [
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
      ],
      trainImages: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      trainLabels: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      testImages: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      testLabels: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")

  private static func set(
    source: String, folder: String, mirrors: [String], trainImages: String, trainLabels: String, testImages: String,
    testLabels: String
  ) -> [KnownFile] {
    func file(_ name: String, _ sha256: String, _ byteCount: Int, isRequired: Bool) -> KnownFile {
      KnownFile(
        source: source, folder: folder, name: name, sha256: sha256, byteCount: byteCount, isRequired: isRequired,
        mirrors: mirrors)
    }
    return [
      file(Self.trainImages, trainImages, 16 + 60_000 * 784, isRequired: true),
      file("train-labels-idx1-ubyte", trainLabels, 8 + 60_000, isRequired: false),
      file(Self.testImages, testImages, 16 + 10_000 * 784, isRequired: true),
      file("t10k-labels-idx1-ubyte", testLabels, 8 + 10_000, isRequired: false),
    ]
  }
}
