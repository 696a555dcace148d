import Glibc

/// One input, as libFuzzer hands it over: its bytes and their number. Returns 0.
public typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// Runs `target` on the inputs that libFuzzer invents, or on the files named (LLVMFuzzerRunDriver). Returns its exit status.
///
/// The package manager gives an executable's main another name, so libFuzzer's own main, which would call
/// LLVMFuzzerTestOneInput, cannot be linked.
public func runFuzzer(
  _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ target: FuzzTarget
) -> CInt {
  var (argumentCount, arguments) = unsafe (argumentCount, arguments)
  return unsafe fuzzerDriver(&argumentCount, &arguments, target)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func fuzzerDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>, _ target: FuzzTarget
) -> CInt

/// An input as a file: most readers take a path. In memory, one for each process, overwritten by the next input.
public enum InputFile {
  /// Its path.
  public static let path = "/dev/shm/unmix-fuzz-\(getpid())"

  /// Replaces its content.
  public static func write(_ bytes: [UInt8]) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path): errno \(errno)")
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done)
      }
      precondition(written > 0, "cannot write \(path): errno \(errno)")
      done += written
    }
    close(descriptor)
  }
}

/// The input's bytes as an array.
public func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  unsafe Array(UnsafeBufferPointer(start: start, count: count))
}
