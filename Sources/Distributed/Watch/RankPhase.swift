/// What a rank is doing, as far as it matters to whoever waits for it.
package enum RankPhase: UInt8, Sendable, CaseIterable {
  case starting = 0
  case loadingData = 1
  case planning = 2
  case makingPairs = 3
  case forward = 4
  case backward = 5
  case reduction = 6
  case update = 7
  case validation = 8
  case checkpoint = 9
  case evaluation = 10
  case ending = 11

  package var name: String {
    switch self {
    case .starting: "starting"
    case .loadingData: "loading data"
    case .planning: "planning"
    case .makingPairs: "making pairs"
    case .forward: "forward"
    case .backward: "backward"
    case .reduction: "reduction"
    case .update: "update"
    case .validation: "validation"
    case .checkpoint: "checkpoint"
    case .evaluation: "evaluation"
    case .ending: "ending"
    }
  }
}
