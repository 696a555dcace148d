import Foundation
import Glibc
import Kernels
import Testing

extension KernelsTests {
  @Suite struct InstructionSet {
    @Test func theBestSetIsInUseUntilAskedOtherwise() {
      #expect(kernels_current_isa() == kernels_detected_isa())
      #expect(kernels_use_isa_here(kernels_baseline) == 0)
      #expect(kernels_current_isa() == kernels_baseline)
      #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
      #expect(kernels_current_isa() == kernels_detected_isa())
    }

    @Test func aCapIsTheProcesssAndAThreadMayHaveItsOwn() async {
      await #expect(processExitsWith: .success) {
        precondition(kernels_use_isa(kernels_baseline) == 0 && kernels_current_isa() == kernels_baseline)
        precondition(kernels_use_isa_here(kernels_detected_isa()) == 0)
        precondition(kernels_current_isa() == kernels_detected_isa())
      }
    }

    @Test func aSetThatTheProcessorLacksIsRefused() {
      let unknown = kernels_isa(rawValue: kernels_avx512.rawValue + 1)
      #expect(kernels_use_isa_here(unknown) == -1 && kernels_use_isa(unknown) == -1)
      #expect(kernels_current_isa() == kernels_detected_isa())
    }

    @Test(arguments: [kernels_f32, kernels_bf16]) func thePeakIsOfTheSetInUse(_ type: kernels_type) {
      #expect(kernels_use_isa_here(kernels_baseline) == 0)
      #expect(unsafe kernels_peak_instruction(type) == nil && kernels_peak_loop(type, 1, 1) == 0)
      #expect(kernels_use_isa_here(kernels_detected_isa()) == 0)
    }

    /// libgomp ends the threads that a smaller team does without, and starts them again for the next.
    @Test func smallWorkKeepsTheTeamsThreads() async {
      await #expect(processExitsWith: .success) {
        func threads() -> Set<String> {
          Set((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [])
        }
        kernels_set_threads(4)
        var (large, small) = ([Float](repeating: 1, count: 1 << 22), [Float](repeating: 1, count: 1 << 16))
        unsafe kernels_scale(&large, Int64(large.count), 2)
        let before = threads()
        precondition(before.count >= 4, "\(before.count) threads")
        for _ in 0..<3 {
          unsafe kernels_scale(&small, Int64(small.count), 2)
          precondition(before.isSubset(of: threads()), "threads ended: \(before) before, now \(threads())")
          unsafe kernels_scale(&large, Int64(large.count), 2)
          precondition(before.isSubset(of: threads()), "threads were replaced: \(before) before, now \(threads())")
        }
      }
    }

    @Test func viewsOfDifferentShapesStopTheProgram() async {
      await #expect(processExitsWith: .signal(SIGABRT)) {
        let src = Activation(Layout(channels: 3), kernels_f32), dst = Activation(Layout(channels: 4), kernels_f32)
        var from = unsafe src.view, to = unsafe dst.view
        unsafe kernels_copy(&from, &to)
      }
    }
  }
}
