/// The weights that come with the program: the file `Weights/mnist-fashion.safetensors` of its repository or its tarball.
package enum ShippedWeights {
  /// Where the file lies below the folder that holds the program.
  package static let name = "Weights/mnist-fashion.safetensors"

  /// None lie beside the program.
  package struct Missing: Error, CustomStringConvertible {
    let program: String

    package var description: String {
      "--weights FILE is needed: there is no \(ShippedWeights.name) in a folder above \(program)"
    }
  }

  /// The path of the weights that came with `program`, an absolute path: in the nearest folder above it that has them.
  ///
  /// Throws ``Missing``.
  package static func find(for program: String) throws(Missing) -> String {
    var parts = program.split(separator: "/")
    while parts.popLast() != nil {
      let path = "/" + (parts + [Substring(name)]).joined(separator: "/")
      if FileSystem.isFile(path) { return path }
    }
    throw Missing(program: program)
  }
}
