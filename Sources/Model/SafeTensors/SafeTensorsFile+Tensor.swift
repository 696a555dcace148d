extension SafeTensorsFile {
  /// One named tensor: row-major elements as little-endian bytes.
  public struct Tensor: Sendable, Equatable {
    /// The name, unique in its file.
    public let name: String
    /// The element type as the format spells it, such as `F32`.
    public let dtype: String
    /// Sizes, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The elements as they stand in a file.
    public let bytes: [UInt8]
    /// The file that messages name.
    var path = "(memory)"

    /// A tensor of raw bytes. Whether they fit dtype and shape is checked when the file is written.
    public init(name: String, dtype: String, shape: [Int], bytes: [UInt8]) {
      self.name = name
      self.dtype = dtype
      self.shape = shape
      self.bytes = bytes
    }

    /// An `F32` tensor; `values.count` must be the product of `shape`.
    public init(name: String, shape: [Int], values: [Float]) {
      self.init(name: name, dtype: "F32", shape: shape, elements: values)
    }

    /// An `F64` tensor; `values.count` must be the product of `shape`.
    public init(name: String, shape: [Int], values: [Double]) {
      self.init(name: name, dtype: "F64", shape: shape, elements: values)
    }

    /// An `I64` tensor; `values.count` must be the product of `shape`.
    public init(name: String, shape: [Int], values: [Int64]) {
      self.init(name: name, dtype: "I64", shape: shape, elements: values)
    }

    private init<Element: BitwiseCopyable>(name: String, dtype: String, shape: [Int], elements: [Element]) {
      precondition(
        elements.count == shape.reduce(1, *), "tensor \(name): \(elements.count) elements for the shape \(shape)")
      self.init(name: name, dtype: dtype, shape: shape, bytes: unsafe elements.withUnsafeBytes { unsafe Array($0) })
    }

    /// The elements of an `F32` tensor; throws `wrongDtype` for another.
    public func floats() throws(SafeTensorsError) -> [Float] {
      try elements("F32")
    }

    /// The elements of an `F64` tensor, or of an `F32` one widened; throws `wrongDtype` for another.
    public func doubles() throws(SafeTensorsError) -> [Double] {
      dtype == "F32" ? try floats().map(Double.init) : try elements("F64")
    }

    /// The elements of an `I64` tensor; throws `wrongDtype` for another.
    public func integers() throws(SafeTensorsError) -> [Int64] {
      try elements("I64")
    }

    /// The bytes as elements: one copy, whatever the alignment of the bytes.
    private func elements<Element: BitwiseCopyable>(_ expected: String) throws(SafeTensorsError) -> [Element] {
      guard dtype == expected else {
        throw .wrongDtype(path: path, tensor: name, expected: expected, found: dtype)
      }
      let count = bytes.count / MemoryLayout<Element>.stride
      return unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        initialized = count
      }
    }

    /// Equal bytes, not equal numbers: a NaN equals itself, 0 differs from -0.
    public static func == (a: Tensor, b: Tensor) -> Bool {
      a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.bytes == b.bytes
    }
  }

  /// Bytes of one element of `dtype`, nil for a dtype the format does not have.
  static func byteCount(ofDtype dtype: String) -> Int? {
    switch dtype {
    case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3": 1
    case "U16", "I16", "F16", "BF16": 2
    case "U32", "I32", "F32": 4
    case "U64", "I64", "F64", "C64": 8
    default: nil
    }
  }

  /// Bytes of a tensor; throws `unknownDtype`, `shapeOverflow`.
  static func byteCount(path: String, name: String, dtype: String, shape: [Int]) throws(SafeTensorsError) -> Int {
    guard var product = byteCount(ofDtype: dtype) else {
      throw .unknownDtype(path: path, tensor: name, dtype: dtype)
    }
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow, size >= 0 else { throw .shapeOverflow(path: path, tensor: name, shape: shape) }
      product = next
    }
    return product
  }
}
