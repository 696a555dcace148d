internal import Glibc

/// Memory that all ranks of a node have mapped: one part of equal size for each rank.
///
/// POSIX shared memory rather than MPI_Win_allocate_shared, because here the memory is reserved before anybody touches it: a
/// page fault on a full memory file system is a SIGBUS, and MPI does not say where a window would lie. The file has lost
/// its name before `map` returns, so it ends with the last process that has it mapped, however that ends.
@safe
final class SharedSegment {
  /// The memory file system that shm_open uses.
  static var folder: String { "/dev/shm" }

  /// Bytes of each rank's part, whole pages.
  let partByteCount: Int
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int

  private init(base: UnsafeMutableRawPointer, partByteCount: Int, byteCount: Int) {
    unsafe self.base = base
    (self.partByteCount, self.byteCount) = (partByteCount, byteCount)
  }

  deinit {
    // A status that munmap might return could not be acted on.
    unsafe munmap(base, byteCount)
  }

  /// The part of rank `rank` of the node; aligned to a page.
  func part(_ rank: Int) -> UnsafeMutableRawPointer { unsafe base + rank * partByteCount }

  /// Maps at least `partByteCount` bytes for each rank of `node`, all zero. Collective over `job`, whose ranks all map theirs
  /// or none: a refusal on any node is everybody's answer.
  ///
  /// Each rank reserves its own part, so that the memory lies near it. Throws what MPI reports.
  static func map(
    partByteCount: Int, node: Communicator, job: Communicator, folder: String
  ) throws -> Result<SharedSegment, SharingRefusal> {
    precondition(partByteCount > 0, "parts of \(partByteCount) bytes")
    let page = max(1, sysconf(Int32(_SC_PAGESIZE)))
    let part = (partByteCount + page - 1) / page * page
    let byteCount = part * node.size
    func refusal(_ code: Int32) -> SharingRefusal {
      SharingRefusal(folder: folder, byteCount: byteCount, reason: unsafe String(cString: strerror(code)))
    }

    let file = try SegmentFile(byteCount: byteCount, node: node, folder: folder)
    // Once all of the node have tried to open it, and before memory is taken: a rank that is killed for that leaves nothing behind.
    try node.barrier()
    file.removeName()
    let opened = try agreed(file.code == 0 ? file.reserve(offset: node.rank * part, byteCount: part) : file.code, job)
    guard opened == 0 else { return .failure(refusal(opened)) }

    // Populated at once: the first step must not be the one that pays for the page tables.
    let mapped = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file.descriptor, 0)
    let isMapped = unsafe mapped != MAP_FAILED
    let mappedCode = try agreed(isMapped ? 0 : errno, job)
    guard mappedCode == 0, isMapped, let mapped = unsafe mapped else {
      if isMapped { unsafe munmap(mapped, byteCount) }
      return .failure(refusal(mappedCode))
    }
    return .success(unsafe SharedSegment(base: mapped, partByteCount: part, byteCount: byteCount))
  }

  /// The greatest of all ranks' error codes: 0 where nobody has one.
  private static func agreed(_ code: Int32, _ job: Communicator) throws -> Int32 {
    var codes = [Int64(code)]
    try job.allReduce(&codes, .max)
    return Int32(codes[0])
  }
}

/// Why ranks of a node share no memory; the same on every rank but for the bytes, which are those of its own node.
package struct SharingRefusal: Error, Equatable, CustomStringConvertible, Sendable {
  /// Where the memory would lie.
  package let folder: String
  package let byteCount: Int
  /// The system's words.
  package let reason: String

  package var description: String {
    "no shared memory of \(byteCount) bytes in \(folder) on every node: \(reason)"
  }
}

/// The file behind a segment while it has a name: made by the node's first rank, opened by the others.
private final class SegmentFile {
  /// Open for reading and writing where `code` is 0.
  let descriptor: Int32
  /// The error that opening met.
  let code: Int32
  /// On the rank that made the file.
  private var name: String?

  /// Collective over `node`.
  init(byteCount: Int, node: Communicator, folder: String) throws {
    var opened = (descriptor: Int32(-1), code: Int32(0))
    if node.rank == 0 {
      let name = "\(folder)/unmix-\(getpid())-\(UInt64.random(in: 0 ... .max))"
      opened = Self.open(name, O_CREAT | O_EXCL)
      if opened.code == 0 { self.name = name }
      if opened.code == 0, ftruncate(opened.descriptor, byteCount) != 0 { opened.code = errno }
    }
    // What the first rank met is everybody's answer.
    let told = try node.broadcast(text: "\(opened.code) \(name ?? "")", root: 0).split(separator: " ", maxSplits: 1)
    let first = told.first.flatMap { Int32($0) } ?? EINVAL
    if node.rank != 0 { opened = first == 0 && told.count == 2 ? Self.open(String(told[1]), 0) : (-1, first) }
    (descriptor, code) = opened
  }

  deinit {
    removeName()
    if descriptor >= 0 { close(descriptor) }
  }

  private static func open(_ name: String, _ flags: Int32) -> (descriptor: Int32, code: Int32) {
    let descriptor = unsafe Glibc.open(name, O_RDWR | O_CLOEXEC | flags, 0o600)
    return (descriptor, descriptor >= 0 ? 0 : errno)
  }

  /// Takes the memory of a range for good; 0 or the error, ENOSPC where the folder is full. C function: `posix_fallocate`.
  func reserve(offset: Int, byteCount: Int) -> Int32 {
    var code = EINTR
    while code == EINTR { code = posix_fallocate(descriptor, offset, byteCount) }
    return code
  }

  func removeName() {
    // Nothing is lost where the name stays behind for another reason than that somebody removed it already.
    if let name { unsafe unlink(name) }
    name = nil
  }
}
