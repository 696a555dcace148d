/// What is to be separated, and how.
package struct SeparationRequest: Sendable {
  /// PNG files, `-` for one from standard input, and safetensors batches.
  package var inputs: [String] = []
  /// Two PNG files to mix and to take apart again; none or two.
  package var mix: [String] = []
  /// What the one picture among `inputs` was mixed from, in the order of the heads; none or two PNG files.
  package var truth: [String] = []
  /// Where the results go.
  package var folder = "."
  /// Moves both predictions so that their average is the mixed picture, and clamps them.
  package var projects = false

  package init() {}
}
