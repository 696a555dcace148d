import Foundation
import TestSupport
import Testing

extension RanksTests {
  @Test(arguments: [["OMPI_COMM_WORLD_SIZE": "4"], ["SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"]])
  func tasksThatMPIDoesNotKnowAreRefused(environment: [String: String]) throws {
    let outcome = try MPIRun("RankChecks", ["topology"], ranks: nil, environment: environment).run()
    #expect(outcome.exitCode == 71, "\(outcome)")
    let (library, command) = MPIRun.isMPICH ? ("MPICH", "mpiexec.hydra -n 4") : ("Open MPI", "mpirun -n 4")
    for part in ["started 4 tasks", "built with \(library)", command] {
      #expect(outcome.standardError.contains(part), "\(outcome)")
    }
  }

  @Test
  func aBatchScriptOfManyTasksMayStartOneProcess() throws {
    let batch = ["SLURM_NTASKS": "4", "SLURM_JOB_ID": "17"]
    let outcome = try MPIRun("RankChecks", ["topology"], ranks: nil, environment: batch).run()
    #expect(outcome.succeeded, "\(outcome)")
  }

  /// Open MPI's folder for a session is one for all such processes of a host, and the first that ends removes it under the others.
  @Test
  func aLoneProcessNeedsNoFolderOfItsSession() throws {
    let outcome = try MPIRun("RankChecks", ["topology"], ranks: nil, environment: ["TMPDIR": "/proc/nowhere"]).run()
    #expect(outcome.succeeded, "\(outcome)")
  }

  /// Like TensorBoard's, whose usual port 6006 is that of X display :6. It fails without the fix where libhwloc-plugins is installed.
  @Test
  func aServerOnThePortOfADisplayHoldsNobodyUp() throws {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(server) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isBound = (UInt16(6000)...6009).contains { port in
      address.sin_port = port.bigEndian
      return unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
    }
    try #require(isBound && listen(server, 8) == 0)
    let outcome = try MPIRun("RankChecks", ["topology"], ranks: nil, limit: .seconds(20)).run()
    #expect(outcome.succeeded, "\(outcome)")
  }

  @Test(arguments: rankCounts)
  func topologySharesTheCoresOfTheNode(ranks: Int?) throws {
    let outcome = try MPIRun("RankChecks", ["topology"], ranks: ranks).run()
    #expect(outcome.succeeded, "\(outcome)")
    let words = outcome.standardOutput.split(whereSeparator: \.isWhitespace).map(String.init)
    func value(_ name: String) throws -> String {
      words[try #require(words.firstIndex(of: name), "\(outcome)") + 1]
    }
    let size = ranks ?? 1
    #expect(try value("ranks") == "\(size)")
    #expect(try value("node") == "\(size)")
    #expect(try value("host") == ProcessInfo.processInfo.hostName)
    let threads = try #require(Int(try value("threads")))
    let cores = ProcessInfo.processInfo.activeProcessorCount
    #expect(threads >= 1 && (threads * size <= cores || threads == 1), "\(outcome)")
    // Alone it has all that it may use; mpirun may have bound it.
    if ranks == nil { #expect(try Int(value("cores")) == threads && threads <= cores, "\(outcome)") }
    if size > cores { #expect(try value("oversubscribed") == "true") }
    if size == 1 { #expect(try value("oversubscribed") == "false") }
  }
}
