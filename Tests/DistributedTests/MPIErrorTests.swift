import Testing

@testable import Distributed

struct MPIErrorTests {
  @Test
  func anErrorSaysFunctionTextClassAndCodeOnOneLine() {
    let error = MPIError(
      code: 271_116, errorClass: 15, text: "Other MPI error, error stack:\n  PMPI_Bcast(423):  failed\n",
      function: "MPI_Bcast")
    #expect(
      "\(error)"
        == "MPI_Bcast failed: Other MPI error, error stack:; PMPI_Bcast(423): failed (MPI error class 15, code 271116)")
  }

  @Test
  func aFailureLineNamesRankHostAndCause() {
    #expect(
      Communicator.failureLine(cause: "disk full\non /data", host: "node7", place: (2, 4))
        == "rank 2 of 4 on node7: disk full; on /data")
    #expect(Communicator.failureLine(cause: "no file", host: "node7", place: nil) == "on node7: no file")
  }

  @Test(arguments: [
    ("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4", "Open MPI v4.1.4"),
    ("MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7\n", "MPICH Version: 4.0.2"), ("", ""),
  ])
  func theLibrarysVersionIsShortened(text: String, short: String) {
    #expect(MPIRuntime.shortened(libraryVersion: text) == short)
  }

  @Test
  func theLibraryAnswersBeforeMPIIsStarted() {
    #expect(["Open MPI", "MPICH"].contains { Communicator.libraryVersion.hasPrefix($0) })
  }
}

struct MessagesTests {
  @Test
  func messagesCoverABufferWithoutGapOrOverlap() {
    for count in [0, 1, 6, 7, 8, 14, 100] {
      let messages = Array(Messages(of: count, limit: 7))
      #expect(messages.map { Int($0.count) }.reduce(0, +) == count)
      #expect(messages.count == (count + 6) / 7)
      var expected = 0
      for message in messages {
        #expect(message.offset == expected && message.count > 0 && message.count <= 7)
        expected += Int(message.count)
      }
    }
  }

  @Test
  func aBufferBeyond32BitsGoesInSeveralMessages() {
    let messages = Array(Messages(of: 5 << 30, limit: 1 << 30))
    #expect(messages.map(\.offset) == (0..<5).map { $0 << 30 })
    #expect(messages.allSatisfy { $0.count == 1 << 30 })
  }
}
