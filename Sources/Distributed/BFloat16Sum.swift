internal import CMPI

/// Owner of the operation that adds bf16 numbers, which MPI does not know.
///
/// Both numbers widen to f32, are added there and rounded to nearest even, NaN stays NaN. The operation is commutative, so
/// every rank of an allreduce receives the same bits.
@safe
final class BFloat16Sum {
  let handle: CMPI_OpHandle

  /// C function: `MPI_Op_create`.
  init() throws {
    var made = CMPI_OpHandle()
    try check(unsafe CMPI_op_create_bfloat16_sum(&made), "MPI_Op_create")
    handle = made
  }

  deinit {
    // A status that freeing might return could not be acted on.
    if MPIRuntime.isUsable { CMPI_op_free(handle) }
  }
}
