import FuzzDriver

@testable import Training

/// Checkpoints: every input is read or refused with a `CheckpointError`, and of what is read the weights can be taken.
///
/// A seal that is wrong ends the reading at once, so an input with a place for the seal is tried a second time, sealed.
@_cdecl("FuzzCheckpoint_main")
public func fuzzCheckpoint(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
  unsafe runFuzzer(count, arguments) { start, count in
    var input = unsafe bytes(start, count)
    read(input)
    if Seal.digits(in: input) != nil {
      Seal.close(&input)
      read(input)
    }
    return 0
  }
}

private func read(_ input: [UInt8]) {
  InputFile.write(input)
  do {
    let checkpoint = try Checkpoint(contentsOf: InputFile.path)
    _ = try checkpoint.weights(best: false)
    if checkpoint.hasBestWeights { _ = try checkpoint.weights(best: true) }
    _ = try checkpoint.moments()
  } catch {
    precondition(!"\(error)".isEmpty && error is CheckpointError, "\(error)")
  }
}
