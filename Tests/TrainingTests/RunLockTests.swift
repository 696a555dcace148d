import Foundation
import TestSupport
import Testing

@testable import Distributed
@testable import Training

struct RunLockTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func lock(patience: Double = 0.4, start: Int? = nil, _ lines: Lines = Lines()) throws -> RunLock {
    let job = start.map { BatchJob(name: "Slurm job 17", start: $0) }
    return try RunLock(folder: folder.path, patience: patience, job: job, report: lines.add)
  }

  /// The other ranks wait meanwhile, and where heartbeats do not arrive they do not hear why.
  @Test
  func theWaitForAFoldersLastOwnerIsNoStall() {
    #expect(WatchdogSettings(program: "test").timeout(median: nil) > RunLock.patience + 5)
  }

  private func owner() throws -> LockOwner { try #require(try LockOwner(of: folder.path)) }

  private func leave(_ identity: ProcessIdentity, start: Int? = nil) throws {
    var owner = LockOwner(generation: 4, job: start.map { BatchJob(name: "Slurm job 17", start: $0) })
    owner.identity = identity
    try FileSystem.writeAtomically(owner.text, to: folder("lock"))
  }

  private var foreign: ProcessIdentity { ProcessIdentity(host: "node7", process: 4711, started: 5, boot: "another") }

  @Test
  func aFolderInUseIsRefusedAndItsOwnerNamed() throws {
    let (held, lines) = (try lock(), Lines())
    try held.check()
    let error = try #require(throws: RunLockError.self) { try lock(lines) }
    #expect(error.category == .usage && lines.all.isEmpty)
    for part in [folder.path, "process \(getpid()) on ", "--output", "remove \(folder.path)/lock"] {
      #expect("\(error)".contains(part), "\(error)")
    }
    withExtendedLifetime(held) {}
  }

  @Test
  func theEndOfARunFreesItsFolder() throws {
    var held: RunLock? = try lock()
    #expect(try !owner().isReleased && held != nil)
    held = nil
    #expect(try owner().isReleased)
    let lines = Lines()
    _ = try lock(lines)
    #expect(lines.all.isEmpty)
  }

  @Test
  func eachOwnerIsAGenerationLater() throws {
    for generation in 1...3 {
      let held = try lock()
      #expect(try owner().generation == generation)
      withExtendedLifetime(held) {}
    }
    try leave(foreign)
    let held = try lock()
    #expect(try owner().generation == 5)
    withExtendedLifetime(held) {}
  }

  /// The batch system has given the earlier start up; it may still hold the lock, on this host or on one that is cut off.
  @Test
  func aLaterStartOfTheJobTakesTheFolderAtOnce() throws {
    let (earlier, lines) = (try lock(start: 0), Lines())
    let later = try lock(patience: 100, start: 1, lines)
    #expect(lines.all.count == 1 && lines.all[0].contains("earlier start of this job: process"), "\(lines.all)")
    try later.check()
    let error = try #require(throws: RunLockError.self) { try earlier.check() }
    #expect(error.category == .takenOver)
    for part in ["start 1 of Slurm job 17", "this run, its generation 1, ends"] {
      #expect("\(error)".contains(part), "\(error)")
    }
    // The later one holds the new file, so others of this host are kept out.
    #expect(throws: RunLockError.self) { try lock() }
    withExtendedLifetime(later) {}
  }

  @Test
  func anEarlierStartThatEndsLateLeavesTheLaterOnesText() throws {
    var earlier: RunLock? = try lock(start: 0)
    let later = try lock(start: 1)
    let text = folder.read("lock")
    #expect(earlier != nil)
    earlier = nil
    #expect(folder.read("lock") == text)
    withExtendedLifetime(later) {}
  }

  @Test
  func anEarlierStartIsRefusedForEver() throws {
    for isReleased in [false, true] {
      var later: RunLock? = try lock(start: 2)
      if isReleased { later = nil }
      let error = try #require(throws: RunLockError.self) { try lock(start: 1) }
      #expect(error.category == .takenOver && "\(error)".contains("start 2 of Slurm job 17"), "\(error)")
      withExtendedLifetime(later) {}
    }
  }

  @Test
  func anEarlierStartOfAnotherHostIsNotWaitedFor() throws {
    try leave(foreign, start: 0)
    let lines = Lines()
    let held = try lock(patience: 100, start: 3, lines)
    #expect(lines.all.count == 1)
    withExtendedLifetime(held) {}
  }

  @Test
  func anotherJobIsNoLaterStart() throws {
    let held = try lock(start: 0)
    let error = try #require(throws: RunLockError.self) {
      try RunLock(folder: folder.path, patience: 0, job: BatchJob(name: "Slurm job 18", start: 1), report: { _ in })
    }
    #expect(error.category == .usage, "\(error)")
    withExtendedLifetime(held) {}
  }

  /// Dead, and not collected by its parent.
  @Test
  func anOwnerThatNobodyCollectedGivesWay() throws {
    var identity = ProcessIdentity.own
    let arguments = unsafe [strdup("true"), nil]
    defer { unsafe free(arguments[0]) }
    try #require(unsafe posix_spawnp(&identity.process, "true", nil, nil, arguments, nil) == 0)
    defer { waitpid(identity.process, nil, 0) }
    var end = unsafe siginfo_t()
    try #require(unsafe waitid(P_PID, id_t(identity.process), &end, WEXITED | WNOWAIT) == 0)
    identity.started = nil
    try leave(identity)
    let lines = Lines()
    _ = try lock(patience: 100, lines)
    #expect(lines.all.count == 1 && lines.all[0].contains("ended without releasing"), "\(lines.all)")
  }

  @Test
  func aDeadOwnerOfThisHostGivesWay() throws {
    var identity = ProcessIdentity.own
    // The number is taken again, by a process that started at another time.
    identity.started = try #require(identity.started) + 1
    try leave(identity)
    let lines = Lines()
    _ = try lock(patience: 100, lines)
    #expect(lines.all.count == 1 && lines.all[0].contains("ended without releasing"), "\(lines.all)")
  }

  /// As on a file system that knows no locks: the text alone says that the owner lives.
  @Test
  func aLivingOwnerOfThisHostIsBelieved() throws {
    let parent = getppid()
    let stat = try String(contentsOfFile: "/proc/\(parent)/stat", encoding: .utf8)
    let fields = stat[try #require(stat.lastIndex(of: ")"))...].split(separator: " ")
    var identity = ProcessIdentity.own
    (identity.process, identity.started) = (parent, UInt64(fields[20]))
    try leave(identity)
    let error = try #require(throws: RunLockError.self) { try lock() }
    #expect("\(error)".contains("process \(parent) on "))
  }

  @Test
  func aSilentOwnerOfAnotherHostGivesWay() throws {
    try leave(foreign)
    let lines = Lines()
    let held = try lock(lines)
    #expect(lines.all.count == 2 && lines.all[0].contains("process 4711 on node7"), "\(lines.all)")
    #expect(lines.all[1].contains("taken over"))
    try held.check()
  }

  @Test
  func anOwnerOfAnotherHostThatShowsLifeKeepsItsFolder() throws {
    try leave(foreign)
    let path = folder("lock")
    let owner = Thread {
      for _ in 0..<40 {
        usleep(50_000)
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
      }
    }
    owner.start()
    let error = try #require(throws: RunLockError.self) { try lock(patience: 30) }
    #expect("\(error)".contains("process 4711 on node7"))
  }

  /// What the hosts that wait look at. A run that did not move it would lose its folder after a minute.
  @Test
  func aSignOfLifeMovesTheTimeOfTheFileThatOthersSee() throws {
    let held = try lock()
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: folder("lock"))
    held.showLife()
    let attributes = try FileManager.default.attributesOfItem(atPath: folder("lock"))
    #expect(try #require(attributes[.modificationDate] as? Date).timeIntervalSince1970 > 1.5e9)
    try held.check()
  }

  @Test
  func aTextThatIsNoOwnerIsNone() throws {
    try FileSystem.writeAtomically("{\"identity\":", to: folder("lock"))
    let lines = Lines()
    let held = try lock(lines)
    try held.check()
    #expect(lines.all.isEmpty)
  }

  @Test
  func aLinkIsNotLocked() throws {
    try folder.write([], to: "elsewhere")
    try folder.link("lock", to: folder("elsewhere"))
    let error = try #require(throws: FileError.self) { try lock() }
    #expect(error.operation == .lock && "\(error)".contains("symbolic link"), "\(error)")
    #expect(try folder.bytes("elsewhere").isEmpty)
  }
}
