import ArgumentParser
import Glibc
import Training

/// `launcher submit`. Knows no MPI, and no batch system until the script is handed over.
struct Submit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a batch job that trains, write its script and hand it to Slurm or PBS.",
    usage: "launcher submit slurm|pbs [--dry-run] [OPTIONS] [-- OPTIONS of launcher train]",
    discussion: """
      The script is the one of cluster/slurm or cluster/pbs with these options in its directives and the training's in its \
      arguments. What cannot work is refused before anything is printed or submitted (exit code 64); what could not be looked \
      at is said on standard error. The answer and the exit code are those of sbatch or qsub.
      """)

  @Argument(help: ArgumentHelp("The batch system: slurm or pbs.", valueName: "slurm|pbs"))
  var system: BatchSystem

  @Flag(help: "Print the script, submit nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp("Write the script to this file, in one piece, in place of printing it.", valueName: "file"))
  var outputScript: String?

  @OptionGroup(title: "Job") var job: JobOptions
  @OptionGroup(title: "Checks") var expectations: ExpectationOptions

  @Argument(parsing: .postTerminator, help: "Options of launcher train.")
  var training: [String] = []

  func validate() throws { try check(path: outputScript, "--output-script") }

  func run() throws {
    let (script, dialect, notes) = try render()
    for note in notes { Output.note("submit: \(note)") }
    if let outputScript { try FileSystem.writeAtomically(script, to: outputScript) }
    guard !dryRun else {
      if outputScript == nil { Output.text(script) }
      return
    }
    let submitter = dialect.submitter
    let status =
      try outputScript.map { try BatchSubmission.submit($0, by: submitter) }
      ?? BatchSubmission.submit(text: script, by: submitter)
    fflush(nil)
    Glibc.exit(status)
  }

  /// The checked script, and what is to be said of it. `picturesOfEnvironment`: UNMIX_DATA, which batch systems give to the job.
  func render(
    picturesOfEnvironment: String? = environmentVariable("UNMIX_DATA")
  ) throws -> (script: String, dialect: BatchDialect, notes: [String]) {
    let request = try job.request(system)
    try request.checkDirectives()
    let training = try TrainingArguments(training)
    var notes = try request.checkRun(training)
    if picturesOfEnvironment?.isEmpty ?? true, !training.namesPictures {
      notes.append(
        "no pictures are named: give --data DIR after --, or UNMIX_DATA; a job that finds none trains on synthetic ones"
      )
    }
    notes += try request.checkCores(ofNode: expectations.coresPerNode)
    let measurement = try expectations.measurement(
      train: training.train, ranks: request.ranks, threads: request.threads)
    notes += measurement.differences
    notes += try request.checkMemory(residentBytes: measurement.residentBytes)
    notes += try request.checkTime(measurement, train: training.train)
    return (request.script(training: training), request.dialect, notes)
  }
}
