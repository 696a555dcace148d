import COneDNN
import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@testable import Model

/// Networks of one process may be planned on several threads.
struct OneDNNPlanningTests {
  /// Plans one convolution over and over, on a thread of its own, until it is told to end.
  private final class Planner: Sendable {
    private let isAsked = Atomic(false)
    private let count = Atomic(0)
    private let failure = Mutex<(any Error)?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(_ shape: ConvolutionShape, _ precision: Precision) {
      Thread {
        do {
          let context = try OneDNNContext()
          let weights = AlignedBuffer<Float>(repeating: 0, count: 9 * shape.inChannels * shape.outChannels)
          while !self.isAsked.load(ordering: .relaxed) {
            _ = try unsafe OneDNNConvolution(
              shape, precision: precision, weights: weights.base, mode: .training, context: context)
            self.count.add(1, ordering: .relaxed)
          }
        } catch {
          self.failure.withLock { $0 = error }
        }
        self.ended.signal()
      }.start()
    }

    /// What `body` gave in a run of it during which a plan of this thread came to its end.
    func meanwhile<Result>(_ body: () throws -> Result) throws -> Result {
      while true {
        let before = count.load(ordering: .relaxed)
        let result = try body()
        if count.load(ordering: .relaxed) != before { return result }
        if let error = failure.withLock({ $0 }) { throw error }
      }
    }

    func end() throws {
      isAsked.store(true, ordering: .relaxed)
      ended.wait()
      if let error = failure.withLock({ $0 }) { throw error }
    }
  }

  private func shape(_ size: Int, outChannels: Int = 16) -> ConvolutionShape {
    ConvolutionShape(batch: 1, inChannels: 1, outChannels: outChannels, size: size, isTransposed: false)
  }

  /// One input channel shows it: a plan that takes channels in pairs, as bf16 does, reads a second one that is not there.
  @Test(arguments: Precision.supported) func plansKeepToTheirOwnPrecision(_ other: Precision) throws {
    let outChannels = 16
    var random = SplitMix(state: 1)
    func values(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -1...1, using: &random) } }
    let (weights, bias) = (values(9 * outChannels), values(outChannels))
    let flat = AlignedBuffer<Float>(repeating: 0, count: weights.count + bias.count)
    for (i, value) in (weights + bias).enumerated() { unsafe flat.base[i] = value }
    let context = try OneDNNContext()

    // Sizes that no other test uses (one takes 50), or oneDNN's cache has a plan from before.
    let sizes = (33..<94).filter { $0 != 50 }
    // All are planned before one runs: the team of threads that runs one would leave the other planner no core.
    let planner = Planner(shape(32), other)
    let planned = try sizes.map { size in
      try planner.meanwhile {
        try unsafe OneDNNConvolution(
          shape(size), precision: .f32, weights: flat.base, mode: .training, context: context)
      }
    }
    try planner.end()

    for (convolution, size) in zip(planned, sizes) {
      let src = Activation(.f32, batch: 1, size: size, channels: 1)
      let dst = Activation(.f32, batch: 1, size: size, channels: outChannels)
      let pixels = values(size * size)
      src.fill(pixels)
      try unsafe convolution.planForward(src: src, dst: dst, bias: flat.base + weights.count)
      try context.allocateScratchpad()
      try convolution.packWeights()
      try convolution.forward()

      var expected = [Double](repeating: 0, count: size * size * outChannels)
      unsafe kernels_oracle_convolution(
        pixels.map(Double.init), weights.map(Double.init), bias.map(Double.init), &expected, 1, Int64(size),
        Int64(size), 1, Int64(outChannels), false)
      #expect(relativeError(dst.floats, expected) < 2e-6, "\(size)x\(size)")
    }
  }
}
