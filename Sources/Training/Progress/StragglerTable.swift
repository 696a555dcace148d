/// Who waits for whom: means of each rank over all steps, as the least, the median and the greatest of the ranks.
///
/// A rank that computes longest is the one the others wait for: they stand in sums over the ranks meanwhile.
struct StragglerTable {
  private var sums: [StepsRecord.RankTimes] = []
  private var count = 0

  /// Takes note of a stretch of steps.
  mutating func add(_ record: StepsRecord) {
    if sums.count != record.ranks.count {
      sums = record.ranks.map { .init(pairs: $0.pairs, data: 0, compute: 0, communication: 0) }
      count = 0
    }
    count += record.count
    let steps = Double(record.count)
    for (rank, times) in record.ranks.enumerated() {
      sums[rank].data += times.data * steps
      sums[rank].compute += times.compute * steps
      sums[rank].communication += times.communication * steps
    }
  }

  /// The table, a line for each phase under a heading; nothing for one rank, which waits for nobody.
  var lines: [String] {
    guard sums.count > 1, count > 0 else { return [] }
    func line(_ name: String, _ part: KeyPath<StepsRecord.RankTimes, Double>) -> String {
      let times = sums.enumerated().map { (rank: $0.offset, ms: 1000 * $0.element[keyPath: part] / Double(count)) }
        .sorted { ($0.ms, $0.rank) < ($1.ms, $1.rank) }
      func cell(_ ms: Double) -> String {
        let text = decimal(ms, places: 1)
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
      }
      let last = times[times.count - 1]
      return name + cell(times[0].ms) + cell(times[times.count / 2].ms) + cell(last.ms) + "  rank \(last.rank)"
    }
    return [
      "ms of a step         min   median      max", line("  compute      ", \.compute),
      line("  communication", \.communication), line("  making pairs ", \.data),
    ]
  }
}
