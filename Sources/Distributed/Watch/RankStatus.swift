/// What a rank is doing and since when: what its heartbeat carries.
package struct RankStatus: Equatable, Sendable {
  /// Steps of the run that are complete.
  package var step: Int
  package var phase: RankPhase
  /// Number of the last collective that the rank began, of those that all ranks of the job make; counted from 1.
  package var collective: Int
  /// The collective that the rank is in; nil where it is in none.
  package var kind: CollectiveKind?
  /// Milliseconds since its last progress.
  package var idleMilliseconds: Int

  package init(step: Int, phase: RankPhase, collective: Int, kind: CollectiveKind?, idleMilliseconds: Int) {
    (self.step, self.phase, self.collective) = (step, phase, collective)
    (self.kind, self.idleMilliseconds) = (kind, idleMilliseconds)
  }

  /// `after step 12, backward, collective 5120 (allreduce)`.
  package var text: String {
    let place =
      kind.map { "in collective \(collective) (\($0.name))" } ?? "in no collective, the last was \(collective)"
    return "after step \(step), \(phase.name), \(place)"
  }
}
