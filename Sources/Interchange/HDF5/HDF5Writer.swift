internal import CHDF5

/// A new HDF5 file in memory. Only within `HDF5.exclusively`. The same content gives the same bytes: no times are written.
struct HDF5Writer: ~Copyable {
  let file: HDF5Handle

  /// An empty file. C functions: `H5Pset_fapl_core`, `H5Fcreate`.
  init() throws(HDF5Error) {
    let settings = try HDF5Handle(H5Pcreate(CHDF5_file_access()), "make a file")
    try HDF5.check(H5Pset_fapl_core(settings.identifier, 1 << 20, false), "make a file")
    file = try HDF5Handle(
      unsafe H5Fcreate("image", CHDF5_truncate(), CHDF5_default, settings.identifier), "make a file")
  }

  /// Makes the group at `path`, whose parent exists. C function: `H5Gcreate2`.
  func makeGroup(_ path: String) throws(HDF5Error) {
    let usual = CHDF5_default
    _ = try HDF5Handle(unsafe H5Gcreate2(file.identifier, path, usual, usual, usual), "make the group \(path)")
  }

  /// Gives the object at `path` the attribute `name`, a text. C functions: `H5Acreate2`, `H5Awrite`.
  func write(_ text: String, as name: String, to path: String) throws(HDF5Error) {
    let (operation, usual) = ("write the attribute \(name) of \(path)", CHDF5_default)
    let object = try HDF5Handle(unsafe H5Oopen(file.identifier, path, usual), operation)
    let type = try HDF5.textType(operation)
    let space = try HDF5Handle(H5Screate(H5S_SCALAR), operation)
    let attribute = try HDF5Handle(
      unsafe H5Acreate2(object.identifier, name, type.identifier, space.identifier, usual, usual), operation)
    let status = unsafe text.withCString { characters in
      var pointer: UnsafePointer<CChar>? = unsafe characters
      return unsafe H5Awrite(attribute.identifier, type.identifier, &pointer)
    }
    try HDF5.check(status, operation)
  }

  /// Makes the data set at `path` of little-endian 32-bit floats. C functions: `H5Dcreate2`, `H5Dwrite`.
  func write(_ values: [Float], shape: [Int], to path: String) throws(HDF5Error) {
    precondition(values.count == shape.reduce(1, *), "\(path): \(values.count) elements for the shape \(shape)")
    let (operation, usual) = ("write \(path)", CHDF5_default)
    let settings = try HDF5Handle(H5Pcreate(CHDF5_dataset_creation()), operation)
    try HDF5.check(H5Pset_obj_track_times(settings.identifier, false), operation)
    let sizes = shape.map { hsize_t($0) }
    let space = try HDF5Handle(unsafe H5Screate_simple(Int32(shape.count), sizes, nil), operation)
    let dataset = try HDF5Handle(
      unsafe H5Dcreate2(
        file.identifier, path, CHDF5_little_endian_float(), space.identifier, usual, settings.identifier, usual),
      operation)
    try HDF5.check(
      unsafe H5Dwrite(dataset.identifier, CHDF5_native_float(), CHDF5_all, CHDF5_all, usual, values), operation)
  }

  /// The file's bytes. C functions: `H5Fflush`, `H5Fget_file_image`.
  func bytes() throws(HDF5Error) -> [UInt8] {
    try HDF5.check(H5Fflush(file.identifier, H5F_SCOPE_LOCAL), "write the file")
    let count = try HDF5.check(H5Fget_file_image(file.identifier, nil, 0), "write the file")
    var bytes = [UInt8](repeating: 0, count: count)
    try HDF5.check(unsafe H5Fget_file_image(file.identifier, &bytes, count), "write the file")
    return bytes
  }
}

extension HDF5 {
  /// The type of a text of any length in UTF-8. C functions: `H5Tset_size`, `H5Tset_cset`.
  static func textType(_ operation: String) throws(HDF5Error) -> HDF5Handle {
    let type = try HDF5Handle(H5Tcopy(CHDF5_c_text()), operation)
    try HDF5.check(H5Tset_size(type.identifier, CHDF5_variable_length()), operation)
    try HDF5.check(H5Tset_cset(type.identifier, H5T_CSET_UTF8), operation)
    return type
  }
}
