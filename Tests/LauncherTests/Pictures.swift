import Foundation

/// A data folder of a few small pictures, as IDX files.
enum Pictures {
  static func write(to folder: String) throws {
    for source in ["mnist", "fashion-mnist"] {
      try FileManager.default.createDirectory(atPath: folder + "/" + source, withIntermediateDirectories: true)
      for (name, count) in [("train-images-idx3-ubyte", 20), ("t10k-images-idx3-ubyte", 5)] {
        var bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 28, 0, 0, 0, 28]
        bytes += (0..<count * 784).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ source.utf8.count) }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(source)/\(name)"))
      }
    }
  }
}
