extension MPIRun {
  /// What a program finds in its environment that is to meet faults on calls under `place`, as FileFaults.h describes them.
  package static func fileFaults(
    under place: String, at call: Int, times: Int = 1, only name: String = "", error: Int32 = 0
  ) -> [String: String] {
    [
      "LD_PRELOAD": builtProducts + "/libFileFaults.so", "FILE_FAULTS_UNDER": place, "FILE_FAULTS_AT": "\(call)",
      "FILE_FAULTS_TIMES": "\(times)", "FILE_FAULTS_ONLY": name, "FILE_FAULTS_ERROR": error == 0 ? "" : "\(error)",
    ]
  }
}
