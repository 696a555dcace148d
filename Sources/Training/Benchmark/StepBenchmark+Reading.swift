extension StepBenchmark {
  /// A text that is no result of this benchmark.
  package struct NoResult: Error, Equatable {
    /// What is wrong with it, in a few words.
    package let reason: String
  }
}

extension StepBenchmark.Result {
  /// Reads what ``json()`` gave.
  package init(json text: String) throws(StepBenchmark.NoResult) {
    do {
      self = try JSONText.decode(Self.self, from: text)
    } catch {
      throw StepBenchmark.NoResult(reason: JSONText.problem(error))
    }
  }
}
