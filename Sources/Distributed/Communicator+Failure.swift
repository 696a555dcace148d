internal import CMPI

extension Communicator {
  /// The one line that a failing rank prints before it ends the job: `rank 2 of 4 on node7: CAUSE`.
  ///
  /// Local; before MPI is started, or after its end, it names the host alone. `error`'s description is the cause.
  package static func failureLine(_ error: any Error) -> String {
    let place = MPIRuntime.isUsable ? worldPlace : nil
    return failureLine(cause: "\(error)", host: Host.name, place: place)
  }

  /// The same from its parts; line breaks in `cause` become `; `.
  static func failureLine(cause: String, host: String, place: (rank: Int, size: Int)?) -> String {
    let who = place.map { "rank \($0.rank) of \($0.size) on \(host)" } ?? "on \(host)"
    return "\(who): \(oneLine(cause))"
  }

  private static var worldPlace: (rank: Int, size: Int)? {
    var rank: Int32 = 0
    var size: Int32 = 0
    guard unsafe CMPI_comm_rank(CMPI_comm_world(), &rank) == MPI_SUCCESS,
      unsafe CMPI_comm_size(CMPI_comm_world(), &size) == MPI_SUCCESS
    else { return nil }
    return (Int(rank), Int(size))
  }
}
