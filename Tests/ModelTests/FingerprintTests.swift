import Testing

@testable import Model

struct FingerprintTests {
  private func print(of values: [Float]) -> UInt64 {
    let buffer = AlignedBuffer<Float>(repeating: 0, count: values.count)
    buffer.copy(values)
    return withExtendedLifetime(buffer) { unsafe fingerprint(ofBits: buffer.elements) }
  }

  @Test(arguments: [0, 1, 3, 4, 5, 17])
  func everySingleBitCounts(count: Int) {
    let values = (0..<count).map { Float($0) * 0.25 - 1 }
    var seen: Set = [print(of: values)]
    for index in 0..<count {
      for bit in 0..<32 {
        var changed = values
        changed[index] = Float(bitPattern: values[index].bitPattern ^ 1 << UInt32(bit))
        #expect(seen.insert(print(of: changed)).inserted, "element \(index), bit \(bit)")
      }
    }
    #expect(seen.count == 1 + 32 * count)
  }

  @Test
  func orderLengthAndSignOfZeroCount() {
    #expect(print(of: [1, 2, 3, 4, 5]) != print(of: [5, 2, 3, 4, 1]))
    #expect(print(of: [1, 2]) != print(of: [2, 1]))
    #expect(print(of: []) != print(of: [0]) && print(of: [0]) != print(of: [0, 0]))
    #expect(print(of: [0]) != print(of: [-0.0]))
    #expect(print(of: [1, 2, 3]) == print(of: [1, 2, 3]))
  }
}
