import ArgumentParser

/// The arguments of `launcher train` in a batch job, read as that command reads them.
struct TrainingArguments {
  /// As they were given, without the command's name.
  let words: [String]
  /// What they mean, with their `--config` file.
  let train: Train
  /// Whether `words` themselves, not only the file, say `--output` and `--threads`.
  let namesOutput: Bool
  let namesThreads: Bool

  /// The run folder; nil where nothing names one.
  var output: String? { train.folder.output }

  /// Whether they say where the pictures are.
  var namesPictures: Bool { train.data.data != nil || train.data.sources != nil }

  /// Throws ``UsageError`` for what `launcher train` refuses, ``ConfigurationFileError`` for what is wrong with its file.
  init(_ given: [String]) throws {
    let words = given.first == Train._commandName ? Array(given.dropFirst()) : given
    self.words = words
    let flags: Train
    do {
      flags = try Train.parse(words)
      train = try flags.config.map { try ConfigurationFile(contentsOf: $0).train(with: words) } ?? flags
    } catch let error as ConfigurationFileError {
      throw error
    } catch let error as UsageError {
      throw error
    } catch  where Train.exitCode(for: error) == .success {
      throw UsageError(option: "after --", reason: "a job trains; for help say launcher train --help")
    } catch {
      throw UsageError(option: "after --", reason: Train.message(for: error))
    }
    (namesOutput, namesThreads) = (flags.folder.output != nil, flags.compute.threads != nil)
  }
}
