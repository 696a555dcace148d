/// Lines that were reported.
final class Lines {
  var all: [String] = []
  func add(_ line: String) { all.append(line) }
}
