import Foundation

/// What the tests ask about the processor.
package enum Machine {
  /// Whether it multiplies bf16 in hardware.
  package static let multipliesBF16: Bool = {
    guard let cpus = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return false }
    return cpus.contains("avx512_bf16") || cpus.contains("amx_bf16")
  }()

  /// The precisions it computes in, by their names on the command line.
  package static let precisions = multipliesBF16 ? ["f32", "bf16"] : ["f32"]
}
