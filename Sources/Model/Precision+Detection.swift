extension Precision {
  /// The faster precision of this machine: bf16 where oneDNN multiplies it in hardware (AVX-512 BF16 or AMX), else f32.
  ///
  /// By oneDNN's own answer, so that a cap counts too. Local.
  package static var detected: Precision {
    switch InstructionSet.inUse {
    case .sse41, .avx2, .avx512: .f32
    case .avx512BF16, .amx: .bf16
    }
  }
}
