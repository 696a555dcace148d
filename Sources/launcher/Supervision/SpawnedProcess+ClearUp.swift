import Glibc
import Processes

extension SpawnedProcess {
  /// Ends what this process left behind once it ended: its group, and the orphans that the present process adopted.
  ///
  /// They get `grace` seconds to end by themselves. Returns how many had to be killed.
  func clearUp(grace: Double) -> Int {
    var killed: Set<pid_t> = []
    let start = ContinuousClock.now
    while true {
      // Collects the orphans that ended.
      while waitpid(-1, nil, WNOHANG) > 0 {}
      let left = ProcessTable.children(of: getpid()).filter { !$0.isZombie }.map(\.identifier)
      // What waits for a disk cannot be killed: it ends when the disk answers.
      if left.isEmpty || start.duration(to: .now) > .seconds(grace + 5) { return killed.count }
      if start.duration(to: .now) > .seconds(grace) {
        signalGroup(SIGKILL)
        for process in left {
          kill(process, SIGKILL)
          killed.insert(process)
        }
      }
      usleep(50_000)
    }
  }
}
