internal import CHDF5

/// An HDF5 file in memory, opened for reading. Only within `HDF5.exclusively`.
///
/// Files come from elsewhere. Links that lead to other files, elements that lie in other files, chunks and filters are not followed;
/// sizes are asked for before elements are read. What is damaged deeper is for libhdf5 to notice, which crashes on some such files.
struct HDF5Reader: ~Copyable {
  private let file: HDF5Handle

  /// Opens a copy of `bytes`. C functions: `H5Pset_fapl_core`, `H5Pset_file_image`, `H5Fopen`.
  init(_ bytes: [UInt8]) throws(HDF5Error) {
    let settings = try HDF5Handle(H5Pcreate(CHDF5_file_access()), "open the file")
    try HDF5.check(H5Pset_fapl_core(settings.identifier, 1 << 20, false), "open the file")
    let status = unsafe bytes.withUnsafeBytes {
      unsafe H5Pset_file_image(settings.identifier, UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
    }
    try HDF5.check(status, "open the file")
    file = try HDF5Handle(unsafe H5Fopen("image", CHDF5_read_only(), settings.identifier), "open the file")
  }

  /// Whether the file's top has a link called `name`. C function: `H5Lexists`.
  func hasTop(_ name: String) throws(HDF5Error) -> Bool {
    try HDF5.check(unsafe H5Lexists(file.identifier, name, CHDF5_default), "look for \(name)") > 0
  }

  /// Groups in each other below a file's top, at most. Keras's are fewer; a group that is linked within itself has no end of them.
  private static let depthLimit = 16

  /// Paths of all data sets below the group `top`, at most `limit` objects in all. Throws at a link that is no hard one, at what is
  /// neither group nor data set, and beyond the limits of objects and of depth.
  func datasets(below top: String, limit: Int) throws(HDF5Error) -> [String] {
    var (found, open, count): ([String], [String], Int) = ([], [top], 0)
    while let path = open.popLast() {
      let group = try object(path)
      for name in try names(in: group, path: path) {
        count += 1
        let inner = "\(path)/\(name)"
        guard count <= limit else {
          throw HDF5Error(operation: "list the file", reason: "it has more than \(limit) objects")
        }
        guard try HDF5.check(unsafe CHDF5_is_hard_link(group.identifier, name), "read the link \(inner)") > 0 else {
          throw HDF5Error(operation: "read \(inner)", reason: "it is a link that leads elsewhere")
        }
        // A handle without a name would be given back before its identifier is used.
        let opened = try object(inner)
        let kind = H5Iget_type(opened.identifier)
        if kind == H5I_GROUP {
          guard inner.count(where: { $0 == "/" }) < Self.depthLimit else {
            throw HDF5Error(
              operation: "list the file", reason: "it has more than \(Self.depthLimit) groups in each other")
          }
          open.append(inner)
        } else if kind == H5I_DATASET {
          found.append(inner)
        } else {
          throw HDF5Error(operation: "read \(inner)", reason: "it is neither a group nor a data set")
        }
      }
    }
    return found
  }

  /// Sizes of the data set at `path`, outermost first. C functions: `H5Dget_space`, `H5Sget_simple_extent_dims`.
  func shape(of path: String) throws(HDF5Error) -> [Int] {
    let dataset = try object(path)
    let space = try HDF5Handle(H5Dget_space(dataset.identifier), "read the sizes of \(path)")
    var sizes = [hsize_t](repeating: 0, count: Int(H5S_MAX_RANK))
    let rank = try HDF5.check(
      unsafe H5Sget_simple_extent_dims(space.identifier, &sizes, nil), "read the sizes of \(path)")
    return sizes.prefix(Int(rank)).map { Int(clamping: $0) }
  }

  /// Whether the elements of the data set at `path` are little-endian 32-bit floating-point numbers. C function: `H5Tequal`.
  func holdsFloats(_ path: String) throws(HDF5Error) -> Bool {
    let dataset = try object(path)
    let type = try HDF5Handle(H5Dget_type(dataset.identifier), "read the type of \(path)")
    return try HDF5.check(H5Tequal(type.identifier, CHDF5_little_endian_float()), "read the type of \(path)") > 0
  }

  /// Whether the elements of the data set at `path` lie in one piece in this file: not in chunks, which may be compressed, not in
  /// other files, not nowhere. C functions: `H5Pget_layout`, `H5Pget_external_count`, `H5Dget_space_status`.
  func isPlain(_ path: String) throws(HDF5Error) -> Bool {
    let operation = "read the layout of \(path)"
    let dataset = try object(path)
    let settings = try HDF5Handle(H5Dget_create_plist(dataset.identifier), operation)
    let layout = H5Pget_layout(settings.identifier)
    let elsewhere = try HDF5.check(H5Pget_external_count(settings.identifier), operation)
    var status = H5D_SPACE_STATUS_NOT_ALLOCATED
    try HDF5.check(unsafe H5Dget_space_status(dataset.identifier, &status), operation)
    return layout == H5D_CONTIGUOUS && elsewhere == 0 && status == H5D_SPACE_STATUS_ALLOCATED
  }

  /// The elements of the data set at `path`, which has `count` of them. C function: `H5Dread`.
  func floats(_ path: String, count: Int) throws(HDF5Error) -> [Float] {
    let dataset = try object(path)
    var status: herr_t = 0
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      status = unsafe H5Dread(
        dataset.identifier, CHDF5_native_float(), CHDF5_all, CHDF5_all, CHDF5_default, buffer.baseAddress!)
      initialized = status < 0 ? 0 : count
    }
    try HDF5.check(status, "read \(path)")
    return values
  }

  /// The attribute `name` of the object at `path` where it is one text of any length; else nil. C functions: `H5Aread`, `H5free_memory`.
  func text(_ name: String, of path: String) throws(HDF5Error) -> String? {
    let operation = "read the attribute \(name) of \(path)"
    let object = try object(path)
    guard try HDF5.check(unsafe H5Aexists(object.identifier, name), operation) > 0 else { return nil }
    let attribute = try HDF5Handle(
      unsafe H5Aopen(object.identifier, name, CHDF5_default), operation)
    let type = try HDF5Handle(H5Aget_type(attribute.identifier), operation)
    let space = try HDF5Handle(H5Aget_space(attribute.identifier), operation)
    guard try HDF5.check(H5Tis_variable_str(type.identifier), operation) > 0,
      H5Sget_simple_extent_type(space.identifier) == H5S_SCALAR
    else { return nil }
    var characters: UnsafeMutablePointer<CChar>?
    let memory = try HDF5.textType(operation)
    try HDF5.check(unsafe H5Aread(attribute.identifier, memory.identifier, &characters), operation)
    guard let characters = unsafe characters else { return nil }
    defer { unsafe H5free_memory(characters) }
    return HDF5.text(unsafe Array(UnsafeBufferPointer(start: characters, count: strlen(characters))))
  }

  private func object(_ path: String) throws(HDF5Error) -> HDF5Handle {
    try HDF5Handle(unsafe H5Oopen(file.identifier, path, CHDF5_default), "open \(path)")
  }

  /// Names of the links in `group`, sorted by libhdf5. C functions: `H5Gget_info`, `H5Lget_name_by_idx`.
  private func names(in group: borrowing HDF5Handle, path: String) throws(HDF5Error) -> [String] {
    let operation = "list \(path)"
    var info = H5G_info_t()
    try HDF5.check(unsafe H5Gget_info(group.identifier, &info), operation)
    var names: [String] = []
    for index in 0..<info.nlinks {
      var characters = [CChar](repeating: 0, count: 128)
      let length = try HDF5.check(
        unsafe H5Lget_name_by_idx(
          group.identifier, ".", H5_INDEX_NAME, H5_ITER_INC, index, &characters, characters.count,
          CHDF5_default), operation)
      let name = HDF5.text(characters)
      guard length < characters.count, name.utf8.count == length, !name.contains("/") else {
        throw HDF5Error(operation: operation, reason: "the name \(name.debugDescription) is none that Keras gives")
      }
      names.append(name)
    }
    return names
  }
}
