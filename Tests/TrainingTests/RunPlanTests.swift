import Testing

@testable import Training

/// What decides the rounding of a run: what a checkpoint's plan says of it, and how two of them differ.
struct RunPlanTests {
  private let run = SmallRun()

  @Test
  func aPlanNamesWhatDiffers() {
    var other = run.plan
    #expect(other.differences(from: run.plan).isEmpty)
    (other.ranks, other.threads) = (4, 2)
    #expect(other.differences(from: run.plan) == ["ranks 4 instead of 2", "threads 2 instead of 1"])
  }

  /// Checkpoints from when there was one way do not say which.
  @Test
  func aPlanNamesOtherConvolutions() {
    var winograd = run.plan
    #expect(winograd.convolutions == nil)
    winograd.convolutions = RunPlan.plainSums
    #expect(winograd.differences(from: run.plan).isEmpty)
    winograd.convolutions = "Winograd's algorithm"
    #expect(winograd.differences(from: run.plan) == ["convolutions by Winograd's algorithm instead of plain sums"])
  }

  @Test
  func fixedSlicesMakeRanksAndMessagesIndifferent() {
    var old = run.plan
    old.fixedSlices = 4
    var now = old
    (now.ranks, now.bucketBytes, now.mpi) = (4, 8192, "MPI 2")
    #expect(now.differences(from: old).isEmpty)
    now.threads = 2
    #expect(now.differences(from: old) == ["threads 2 instead of 1"])
    now = old
    now.fixedSlices = nil
    #expect(now.differences(from: old) == ["fixed slices none instead of 4"])
  }

  /// Version 1 of the format had neither slices nor a fixed number of them.
  @Test
  func aPlanWithoutAFixedNumberOfSlicesIsRead() throws {
    let text = JSONText.encode(run.plan)
    #expect(!text.contains("fixedSlices"))
    #expect(try JSONText.decode(RunPlan.self, from: text) == run.plan)
  }

  @Test
  func aPlanNamesHowGradientsAreAddedUp() throws {
    var other = run.plan
    other.nodes = [0, 1]
    #expect(
      other.differences(from: run.plan) == ["sums of gradients by messages instead of shared memory on one node"])
    #expect(run.plan.differences(from: other) == ["sums of gradients by shared memory on one node instead of messages"])
    #expect(RunPlan.reduction(nodes: [0, 0, 1, 0]) == "shared memory on nodes of 3+1, messages")
    #expect(
      RunPlan.reduction(nodes: [0, 0, 1, 0], algorithm: .ring) == "shared memory on nodes of 3+1, messages (ring)")
    #expect(RunPlan.reduction(nodes: [0]) == "one rank")

    var (rows, columns) = (run.plan, run.plan)
    (rows.ranks, columns.ranks) = (4, 4)
    (rows.nodes, columns.nodes) = ([0, 0, 1, 1], [0, 1, 0, 1])
    #expect(rows.differences(from: columns) == ["ranks on other nodes"])
  }

  /// Of two addends the order does not matter.
  @Test
  func fromThreeNodesOnAPlanNamesTheAlgorithm() throws {
    var (ring, before) = (run.plan, run.plan)
    (ring.ranks, before.ranks) = (3, 3)
    (ring.nodes, before.nodes) = ([0, 1, 2], [0, 1, 2])
    ring.algorithm = .ring
    #expect(ring.differences(from: before) == ["sums between nodes by ring instead of own choice"])
    (ring.nodes, before.nodes) = ([0, 1, 1], [0, 1, 1])
    #expect(ring.differences(from: before).isEmpty)
    #expect(try JSONText.decode(RunPlan.self, from: JSONText.encode(ring)) == ring)
  }

  @Test
  func aPlanOfACheckpointFromBeforeNodesMeansMessages() throws {
    var old = run.plan
    old.nodes = nil
    let text = JSONText.encode(old)
    #expect(!text.contains("nodes"))
    let read = try JSONText.decode(RunPlan.self, from: text)
    #expect(read.usesMessagesAlone && read.reduction == "messages" && !run.plan.usesMessagesAlone)
    var alone = run.plan
    alone.nodes = [0, 1]
    #expect(alone.differences(from: read).isEmpty)
  }
}
