/// What is wrong with a file of Keras weights. `description` is one line that names the file and what to do.
public enum KerasWeightsError: Error, Equatable, Sendable {
  // The file.
  case notHDF5(path: String)
  case noLayers(path: String, isOlder: Bool)
  case archive(path: String, problem: String)
  case library(path: String, String)

  // What the network expected.
  case notANetwork(path: String, problem: String)
  case missingTensor(path: String, tensor: String)
  case unexpectedTensor(path: String, tensor: String)
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  case wrongType(path: String, tensor: String)
  case notPlain(path: String, tensor: String)
  case nonFinite(path: String, tensor: String, index: Int)
}

extension KerasWeightsError: CustomStringConvertible {
  /// One line: the file, what is wrong, and what to do where something can be done.
  public var description: String {
    switch self {
    case .notHDF5(let path):
      "\(path): neither an HDF5 file nor a .keras archive; in Keras 3 model.save_weights(\"model.weights.h5\") writes one"
    case .noLayers(let path, let isOlder):
      "\(path): has no group \"layers\" as files of Keras 3 do"
        + (isOlder ? ", it is of Keras 2" : "") + "; in Keras 3 model.save_weights(\"model.weights.h5\") writes one"
    case .archive(let path, let problem):
      "\(path): a .keras archive that cannot be read: \(problem); unzip it and give its model.weights.h5"
    case .library(let path, let reason):
      "\(path): damaged, or not as Keras writes it: \(reason)"
    case .notANetwork(let path, let problem):
      "\(path): not the weights of a network like the published one: \(problem)"
    case .missingTensor(let path, let tensor):
      "\(path): \(tensor) is missing"
    case .unexpectedTensor(let path, let tensor):
      "\(path): \(Self.quoted(tensor)) does not belong to a network like the published one"
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path): \(tensor) has shape \(Self.text(found)) where the network has \(Self.text(expected))"
    case .wrongType(let path, let tensor):
      "\(path): \(tensor) does not hold 32-bit floats; save the model with weights of float32"
    case .notPlain(let path, let tensor):
      "\(path): \(tensor) is compressed, cut into chunks, stored in another file or nowhere, as Keras does not write it"
    case .nonFinite(let path, let tensor, let index):
      "\(path): \(tensor) holds a NaN or infinity (element \(index))"
    }
  }

  /// A name from a file in quotes, control characters escaped, cut to 80 characters.
  private static func quoted(_ name: String) -> String {
    name.count <= 80 ? name.debugDescription : (String(name.prefix(79)) + "…").debugDescription
  }

  private static func text(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ",") + "]" }
}
