extension SafeTensorsFile {
  /// The bytes of the file: the same tensors and metadata always give the same bytes.
  ///
  /// Metadata comes first, its keys sorted; then the tensors in their order, wider elements before narrower ones, so that
  /// each is aligned to its element. The header is padded with spaces to a multiple of 8 bytes.
  /// Throws `duplicateName`, `unknownDtype`, `shapeOverflow` or `wrongByteCount` for tensors that no file can hold.
  public func serialized() throws(SafeTensorsError) -> [UInt8] {
    var names: Set<String> = ["__metadata__"]
    var dataLength = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else { throw .duplicateName(path: path, name: tensor.name) }
      let expected = try Self.byteCount(path: path, name: tensor.name, dtype: tensor.dtype, shape: tensor.shape)
      guard tensor.bytes.count == expected else {
        throw .wrongByteCount(path: path, tensor: tensor.name, expected: expected, found: tensor.bytes.count)
      }
      dataLength += expected
    }

    // `sorted` is stable.
    let ordered = tensors.sorted { Self.byteCount(ofDtype: $0.dtype)! > Self.byteCount(ofDtype: $1.dtype)! }
    var bytes = Self.header(
      of: ordered.map { ($0.name, $0.dtype, $0.shape, $0.bytes.count) }, metadata: metadata, reserving: dataLength)
    for tensor in ordered { bytes.append(contentsOf: tensor.bytes) }
    return bytes
  }

  /// The bytes before the data of a file whose data are `tensors`, one behind the other in this order: the header's length
  /// and the header, with metadata sorted by key. `reserving` bytes can follow without another allocation.
  ///
  /// The caller answers for names that differ and for sizes that fit dtype and shape.
  package static func header(
    of tensors: [(name: String, dtype: String, shape: [Int], byteCount: Int)], metadata: [String: String],
    reserving: Int = 0
  ) -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }.map { "\(json($0.key)):\(json($0.value))" }
      fields.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let end = offset + tensor.byteCount
      fields.append(
        "\(json(tensor.name)):{\"dtype\":\"\(tensor.dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))

    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + reserving)
    bytes.append(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    bytes.append(contentsOf: header)
    return bytes
  }

  /// `text` as a JSON string.
  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
