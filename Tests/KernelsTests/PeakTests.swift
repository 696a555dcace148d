import Kernels
import Testing

extension KernelsTests {
  @Suite struct Peak {
    @Test(arguments: elementTypes) func theLoopDoesTheOperationsThatItCounts(_ type: kernels_type) {
      guard let name = unsafe kernels_peak_instruction(type) else {
        // Below AVX2 nothing is known, nor of bf16 without its products; then nothing is claimed for any number of threads.
        #expect(kernels_detected_isa() == kernels_baseline || type == kernels_bf16)
        for threads: Int64 in 1...2 { #expect(kernels_peak_loop(type, 500, threads) == 0) }
        return
      }
      let clock = ContinuousClock()
      let operations = kernels_peak_loop(type, 500, 1)
      #expect(kernels_peak_loop(type, 500, 2) == 2 * operations && operations > 0)
      let seconds = (0..<5).map { _ in clock.measure { _ = kernels_peak_loop(type, 500, 1) } }.min()! / .seconds(1)
      // No core reaches 5 TFLOP/s without tiles: a loop that was optimised away would.
      #expect(Double(operations) / seconds < 5e12, "\(unsafe String(cString: name))")
    }

    /// Fails under `make sanitize` alone, where one loop writes what is another's: the counts do not depend on it.
    @Test func loopsAtTheSameTimeKeepToTheirOwnMemory() async {
      let counts = await withTaskGroup(of: Int64.self) { group in
        for _ in 0..<4 { group.addTask { kernels_peak_loop(kernels_f32, 500, 1) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(counts.count == 4 && Set(counts).count == 1)
      #expect((counts[0] > 0) == (kernels_detected_isa() != kernels_baseline))
    }
  }
}
