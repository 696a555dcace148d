/// What somebody may have meant.
enum NearestName {
  /// The name among `names` that differs least from `word`, in at most a third of its letters; nil where there is none.
  static func of(_ word: String, among names: [String]) -> String? {
    let close = names.map { (name: $0, distance: distance(word, $0)) }.filter { $0.distance <= max(1, word.count / 3) }
    return close.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
  }

  /// Letters to put in, take out, replace or swap with their neighbour (optimal string alignment).
  static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var least = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
