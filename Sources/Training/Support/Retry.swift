import Glibc

/// Further attempts at what a disk or server refused.
enum Retry {
  /// Seconds before the second, third, ... attempt.
  static let delays: [Double] = [1, 2, 4, 8]

  /// Runs `body`, and again after each pause as long as it throws a ``FileError`` that may pass; the last one is thrown. The
  /// calling thread sleeps meanwhile. `report` gets a line once.
  static func run<Result>(delays: [Double] = delays, report: (String) -> Void, _ body: () throws -> Result) throws
    -> Result
  {
    for (attempt, delay) in delays.enumerated() {
      do {
        return try body()
      } catch let error as FileError where error.isTransient {
        if attempt == 0 { report("\(error); tried again for \(Int(delays.reduce(0, +))) s") }
        usleep(useconds_t(delay * 1e6))
      }
    }
    return try body()
  }
}
