/// A 64-bit fingerprint of the bits of `values`: one flipped bit changes it, whichever it is. Local; allocates nothing.
///
/// Four interleaved chains of xor and multiplication by an odd number (as in FNV-1a, on words), each step of which can be
/// undone, so that a single difference never cancels. It guards against accidents, not against intent.
package func fingerprint(ofBits values: UnsafeMutableBufferPointer<Float>) -> UInt64 {
  let prime: UInt64 = 0x0000_0100_0000_01B3
  var chains: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
  func next(_ chain: UInt64, _ value: Float) -> UInt64 {
    let mixed = (chain ^ UInt64(value.bitPattern)) &* prime
    return mixed ^ mixed >> 32
  }
  var index = 0
  while index + 4 <= values.count {
    unsafe chains.0 = next(chains.0, values[index])
    unsafe chains.1 = next(chains.1, values[index + 1])
    unsafe chains.2 = next(chains.2, values[index + 2])
    unsafe chains.3 = next(chains.3, values[index + 3])
    index += 4
  }
  while index < values.count {
    unsafe chains.0 = next(chains.0, values[index])
    index += 1
  }
  var result = UInt64(values.count)
  func close(_ chain: UInt64) {
    result = (result ^ chain) &* prime
    result ^= result >> 29
  }
  close(chains.0)
  close(chains.1)
  close(chains.2)
  close(chains.3)
  return result
}
