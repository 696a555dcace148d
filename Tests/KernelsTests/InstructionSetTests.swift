import Glibc
import Kernels
import Testing

extension KernelsTests {
  @Suite struct InstructionSet {
    @Test func theBestSetIsInUseUntilAskedOtherwise() {
      #expect(kernels_current_isa() == kernels_detected_isa())
      #expect(kernels_use_isa(kernels_baseline) == 0)
      #expect(kernels_current_isa() == kernels_baseline)
      #expect(kernels_use_isa(kernels_detected_isa()) == 0)
      #expect(kernels_current_isa() == kernels_detected_isa())
    }

    @Test func aSetThatTheProcessorLacksIsRefused() {
      let unknown = kernels_isa(rawValue: kernels_avx512.rawValue + 1)
      #expect(kernels_use_isa(unknown) == -1)
      #expect(kernels_current_isa() == kernels_detected_isa())
    }

    @Test(arguments: [kernels_f32, kernels_bf16]) func thePeakIsOfTheSetInUse(_ type: kernels_type) {
      #expect(kernels_use_isa(kernels_baseline) == 0)
      #expect(unsafe kernels_peak_instruction(type) == nil && kernels_peak_loop(type, 1, 1) == 0)
      #expect(kernels_use_isa(kernels_detected_isa()) == 0)
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
