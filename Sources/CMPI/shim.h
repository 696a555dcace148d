/// The part of MPI that Unmix uses, in a form that is the same for every MPI library.
///
/// MPI leaves the types of its handles open (pointers in Open MPI, integers in MPICH) and its constants are macros that
/// Swift cannot import. So a handle is carried as its bits in a struct, a constant becomes a case of an enumeration, and
/// requests and statuses lie in raw memory of a size that is asked for here. Each wrapper calls the MPI function of the
/// same name and returns its status unchanged.
#ifndef CMPI_SHIM_H
#define CMPI_SHIM_H

#include <mpi.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(MPI_VERSION >= 3, "nonblocking collectives and MPI_Comm_split_type need MPI 3");
_Static_assert(MPI_SUCCESS == 0, "a status of 0 means success");
_Static_assert(sizeof(MPI_Comm) <= sizeof(intptr_t), "a communicator is carried in an intptr_t");
_Static_assert(sizeof(int) == 4, "counts and ranks are Int32 in Swift");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "MPI_FLOAT and MPI_DOUBLE are Float and Double in Swift");
_Static_assert(MPI_THREAD_SINGLE < MPI_THREAD_FUNNELED, "thread levels are ordered");

#pragma clang assume_nonnull begin

/// A communicator's handle. Copying it does not copy the communicator.
typedef struct {
  intptr_t bits;
} CMPI_Comm;

typedef enum __attribute__((enum_extensibility(closed))) {
  CMPI_Type_float32 = 0,
  CMPI_Type_float64 = 1,
  CMPI_Type_int64 = 2,
  CMPI_Type_uint8 = 3,
} CMPI_Type;

typedef enum __attribute__((enum_extensibility(closed))) {
  CMPI_Op_sum = 0,
  CMPI_Op_max = 1,
} CMPI_Op;

enum {
  /// Bytes that `CMPI_error_string` and `CMPI_get_library_version` may write, with the closing zero.
  CMPI_maxText = MPI_MAX_LIBRARY_VERSION_STRING > MPI_MAX_ERROR_STRING ? MPI_MAX_LIBRARY_VERSION_STRING
                                                                       : MPI_MAX_ERROR_STRING
};

static inline MPI_Comm CMPI_raw(CMPI_Comm comm) { return (MPI_Comm)comm.bits; }
static inline CMPI_Comm CMPI_wrapped(MPI_Comm comm) { return (CMPI_Comm){(intptr_t)comm}; }

static inline MPI_Datatype CMPI_datatype(CMPI_Type type) {
  switch (type) {
    case CMPI_Type_float32: return MPI_FLOAT;
    case CMPI_Type_float64: return MPI_DOUBLE;
    case CMPI_Type_int64: return MPI_INT64_T;
    case CMPI_Type_uint8: return MPI_UINT8_T;
  }
  return MPI_DATATYPE_NULL;
}

static inline MPI_Op CMPI_operation(CMPI_Op op) {
  switch (op) {
    case CMPI_Op_sum: return MPI_SUM;
    case CMPI_Op_max: return MPI_MAX;
  }
  return MPI_OP_NULL;
}

/// The handle of an operation that was made here. Copying it does not copy the operation.
typedef struct {
  intptr_t bits;
} CMPI_OpHandle;

_Static_assert(sizeof(MPI_Op) <= sizeof(intptr_t), "an operation is carried in an intptr_t");

/// inout[i] = in[i] + inout[i], the upper halves of f32, rounded to nearest even; NaN stays NaN.
static inline void CMPI_add_bfloat16(void *in, void *inout, int *count, MPI_Datatype *type) {
  (void)type;
  const uint16_t *a = (const uint16_t *)in;
  uint16_t *b = (uint16_t *)inout;
  for (int i = 0; i < *count; i++) {
    const uint32_t x = (uint32_t)a[i] << 16, y = (uint32_t)b[i] << 16;
    float p, q;
    __builtin_memcpy(&p, &x, sizeof p);
    __builtin_memcpy(&q, &y, sizeof q);
    const float sum = p + q;
    uint32_t bits;
    __builtin_memcpy(&bits, &sum, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    b[i] = (uint16_t)(sum == sum ? rounded : (bits >> 16 | 0x40));
  }
}

static inline int CMPI_op_create_bfloat16_sum(CMPI_OpHandle *made) {
  MPI_Op op = MPI_OP_NULL;
  const int status = MPI_Op_create(CMPI_add_bfloat16, 1, &op);
  made->bits = (intptr_t)op;
  return status;
}
static inline int CMPI_op_free(CMPI_OpHandle handle) {
  MPI_Op op = (MPI_Op)handle.bits;
  return MPI_Op_free(&op);
}

// Start and end.

static inline CMPI_Comm CMPI_comm_world(void) { return CMPI_wrapped(MPI_COMM_WORLD); }
static inline CMPI_Comm CMPI_comm_self(void) { return CMPI_wrapped(MPI_COMM_SELF); }

static inline int CMPI_initialized(int *flag) { return MPI_Initialized(flag); }
static inline int CMPI_finalized(int *flag) { return MPI_Finalized(flag); }

/// Asks for MPI_THREAD_FUNNELED; `isEnough` becomes 1 where that or more was granted.
static inline int CMPI_init_thread_funneled(int *isEnough) {
  int provided = MPI_THREAD_SINGLE;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  *isEnough = provided >= MPI_THREAD_FUNNELED;
  return status;
}

static inline int CMPI_finalize(void) { return MPI_Finalize(); }
static inline int CMPI_abort(CMPI_Comm comm, int code) { return MPI_Abort(CMPI_raw(comm), code); }

// Errors and versions.

static inline int CMPI_comm_set_errors_return(CMPI_Comm comm) {
  return MPI_Comm_set_errhandler(CMPI_raw(comm), MPI_ERRORS_RETURN);
}
static inline int CMPI_error_class(int code, int *errorClass) { return MPI_Error_class(code, errorClass); }
/// `text` has room for CMPI_maxText bytes.
static inline int CMPI_error_string(int code, char *text, int *length) { return MPI_Error_string(code, text, length); }
/// `text` has room for CMPI_maxText bytes.
static inline int CMPI_get_library_version(char *text, int *length) { return MPI_Get_library_version(text, length); }

/// The library whose headers the program is compiled with.
typedef enum __attribute__((enum_extensibility(closed))) {
  CMPI_Family_openMPI = 0,
  CMPI_Family_mpich = 1,
  CMPI_Family_other = 2,
} CMPI_Family;

#define CMPI_TEXT_OF(number) #number
#define CMPI_TEXT(macro) CMPI_TEXT_OF(macro)

static inline CMPI_Family CMPI_header_family(void) {
#if defined(OPEN_MPI)
  return CMPI_Family_openMPI;
#elif defined(MPICH_VERSION)
  return CMPI_Family_mpich;
#else
  return CMPI_Family_other;
#endif
}
/// The version of those headers, "4.1.4"; of the standard that they implement where they name none of their own.
static inline const char *CMPI_header_version(void) {
#if defined(OPEN_MPI)
  return CMPI_TEXT(OMPI_MAJOR_VERSION) "." CMPI_TEXT(OMPI_MINOR_VERSION) "." CMPI_TEXT(OMPI_RELEASE_VERSION);
#elif defined(MPICH_VERSION)
  return MPICH_VERSION;
#else
  return CMPI_TEXT(MPI_VERSION) "." CMPI_TEXT(MPI_SUBVERSION);
#endif
}
static inline int CMPI_err_in_status(void) { return MPI_ERR_IN_STATUS; }
static inline int CMPI_err_pending(void) { return MPI_ERR_PENDING; }

// Communicators.

static inline int CMPI_comm_rank(CMPI_Comm comm, int *rank) { return MPI_Comm_rank(CMPI_raw(comm), rank); }
static inline int CMPI_comm_size(CMPI_Comm comm, int *size) { return MPI_Comm_size(CMPI_raw(comm), size); }

static inline int CMPI_comm_dup(CMPI_Comm comm, CMPI_Comm *duplicate) {
  MPI_Comm made = MPI_COMM_NULL;
  int status = MPI_Comm_dup(CMPI_raw(comm), &made);
  *duplicate = CMPI_wrapped(made);
  return status;
}

/// One communicator for each node: the ranks that can share memory, in the order of `comm`.
static inline int CMPI_comm_split_shared(CMPI_Comm comm, int key, CMPI_Comm *node) {
  MPI_Comm made = MPI_COMM_NULL;
  int status = MPI_Comm_split_type(CMPI_raw(comm), MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &made);
  *node = CMPI_wrapped(made);
  return status;
}

/// One communicator for each `color`, ranks in the order of `key`.
static inline int CMPI_comm_split(CMPI_Comm comm, int color, int key, CMPI_Comm *part) {
  MPI_Comm made = MPI_COMM_NULL;
  int status = MPI_Comm_split(CMPI_raw(comm), color, key, &made);
  *part = CMPI_wrapped(made);
  return status;
}

static inline int CMPI_comm_free(CMPI_Comm comm) {
  MPI_Comm raw = CMPI_raw(comm);
  return MPI_Comm_free(&raw);
}

// Waiting on a core that another rank needs.

/// Whether the library itself can give the core away while it waits (Open MPI: mpi_yield_when_idle). One that cannot
/// spins, and two ranks on one core then wait for each other's whole time slices.
static inline bool CMPI_can_yield(void) {
#ifdef OPEN_MPI
  return true;
#else
  return false;
#endif
}

static inline void CMPI_yield(void) { sched_yield(); }

/// Lets the library work on all its messages, whichever communicator they belong to (MPI_Iprobe): it has no other call
/// that waits for nothing.
static inline int CMPI_progress(CMPI_Comm comm) {
  int isThere = 0;
  return MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, CMPI_raw(comm), &isThere, MPI_STATUS_IGNORE);
}

/// MPI_Wait, or MPI_Test and sched_yield in turn.
static inline int CMPI_finish(MPI_Request *request, bool yields) {
  if (!yields) return MPI_Wait(request, MPI_STATUS_IGNORE);
  for (;;) {
    int isDone = 0;
    int status = MPI_Test(request, &isDone, MPI_STATUS_IGNORE);
    if (status != MPI_SUCCESS || isDone) return status;
    sched_yield();
  }
}

// Collectives and messages. `count` is in elements of `type`. Where the library cannot yield, collectives are the
// nonblocking ones on every rank, because those do not match blocking ones, and each rank's own `yields` says how it
// waits for them (CMPI_finish).

static inline int CMPI_allreduce_in_place(void *values, int count, CMPI_Type type, CMPI_Op op, CMPI_Comm comm,
                                          bool yields) {
  MPI_Datatype datatype = CMPI_datatype(type);
  if (CMPI_can_yield()) {
    return MPI_Allreduce(MPI_IN_PLACE, values, count, datatype, CMPI_operation(op), CMPI_raw(comm));
  }
  MPI_Request request = MPI_REQUEST_NULL;
  int status =
      MPI_Iallreduce(MPI_IN_PLACE, values, count, datatype, CMPI_operation(op), CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}
static inline int CMPI_bcast(void *values, int count, CMPI_Type type, int root, CMPI_Comm comm, bool yields) {
  if (CMPI_can_yield()) return MPI_Bcast(values, count, CMPI_datatype(type), root, CMPI_raw(comm));
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Ibcast(values, count, CMPI_datatype(type), root, CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}
static inline int CMPI_barrier(CMPI_Comm comm, bool yields) {
  if (CMPI_can_yield()) return MPI_Barrier(CMPI_raw(comm));
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Ibarrier(CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}
/// The same for long waits: between looks every few milliseconds the thread sleeps, and the core is free for others.
static inline int CMPI_barrier_asleep(CMPI_Comm comm) {
  const struct timespec pause = {0, 5000000};
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Ibarrier(CMPI_raw(comm), &request);
  while (status == MPI_SUCCESS) {
    int isDone = 0;
    status = MPI_Test(&request, &isDone, MPI_STATUS_IGNORE);
    if (isDone) break;
    nanosleep(&pause, NULL);
  }
  return status;
}
/// One int64_t of every rank; `all` has room for one per rank at root and is not looked at elsewhere.
static inline int CMPI_gather_int64(const int64_t *mine, int64_t *_Nullable all, int root, CMPI_Comm comm,
                                    bool yields) {
  if (CMPI_can_yield()) return MPI_Gather(mine, 1, MPI_INT64_T, all, 1, MPI_INT64_T, root, CMPI_raw(comm));
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Igather(mine, 1, MPI_INT64_T, all, 1, MPI_INT64_T, root, CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}
static inline int CMPI_send(const void *values, int count, CMPI_Type type, int dest, int tag, CMPI_Comm comm,
                            bool yields) {
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Isend(values, count, CMPI_datatype(type), dest, tag, CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}
static inline int CMPI_recv(void *values, int count, CMPI_Type type, int source, int tag, CMPI_Comm comm,
                            bool yields) {
  MPI_Request request = MPI_REQUEST_NULL;
  int status = MPI_Irecv(values, count, CMPI_datatype(type), source, tag, CMPI_raw(comm), &request);
  return status == MPI_SUCCESS ? CMPI_finish(&request, yields) : status;
}

/// Sends `count` elements of `sent` to `partner` and receives as many of its into `received`; the two must not overlap.
static inline int CMPI_sendrecv(const void *sent, void *received, int count, CMPI_Type type, int partner, int tag,
                                CMPI_Comm comm, bool yields) {
  MPI_Datatype datatype = CMPI_datatype(type);
  if (!yields) {
    return MPI_Sendrecv(sent, count, datatype, partner, tag, received, count, datatype, partner, tag, CMPI_raw(comm),
                        MPI_STATUS_IGNORE);
  }
  MPI_Request incoming = MPI_REQUEST_NULL, outgoing = MPI_REQUEST_NULL;
  int status = MPI_Irecv(received, count, datatype, partner, tag, CMPI_raw(comm), &incoming);
  if (status == MPI_SUCCESS) status = MPI_Isend(sent, count, datatype, partner, tag, CMPI_raw(comm), &outgoing);
  if (status == MPI_SUCCESS) status = CMPI_finish(&incoming, yields);
  return status == MPI_SUCCESS ? CMPI_finish(&outgoing, yields) : status;
}

// Requests: `requests` and `statuses` are arrays of the caller, of CMPI_request_stride() and CMPI_status_stride() bytes
// for each element, aligned to 16 bytes.

_Static_assert(_Alignof(MPI_Request) <= 16 && _Alignof(MPI_Status) <= 16, "their storage is aligned to 16 bytes");

static inline size_t CMPI_request_stride(void) { return sizeof(MPI_Request); }
static inline size_t CMPI_status_stride(void) { return sizeof(MPI_Status); }

/// Writes the started request to element `index` of `requests`.
static inline int CMPI_iallreduce_in_place(void *values, int count, CMPI_Type type, CMPI_Op op, CMPI_Comm comm,
                                           void *requests, int index) {
  return MPI_Iallreduce(MPI_IN_PLACE, values, count, CMPI_datatype(type), CMPI_operation(op), CMPI_raw(comm),
                        (MPI_Request *)requests + index);
}
/// The same for bf16 numbers, with an operation of `CMPI_op_create_bfloat16_sum`.
static inline int CMPI_iallreduce_bfloat16_in_place(uint16_t *values, int count, CMPI_OpHandle op, CMPI_Comm comm,
                                                    void *requests, int index) {
  return MPI_Iallreduce(MPI_IN_PLACE, values, count, MPI_UINT16_T, (MPI_Op)op.bits, CMPI_raw(comm),
                        (MPI_Request *)requests + index);
}
static inline int CMPI_waitall(int count, void *requests, void *statuses) {
  return MPI_Waitall(count, (MPI_Request *)requests, (MPI_Status *)statuses);
}
static inline int CMPI_testall(int count, void *requests, int *flag, void *statuses) {
  return MPI_Testall(count, (MPI_Request *)requests, flag, (MPI_Status *)statuses);
}
/// The error of element `index`: meaningful after a call that returned MPI_ERR_IN_STATUS.
static inline int CMPI_status_error(const void *statuses, int index) {
  return ((const MPI_Status *)statuses)[index].MPI_ERROR;
}

// Settings of the library itself (MPI_T control variables).

/// Reads the whole number `name` into `value` or, with `writes`, sets it to that for this process (MPI_T_cvar_read,
/// MPI_T_cvar_write). `isThere` becomes 0, and nothing else happens, where the library has no such setting.
static inline int CMPI_setting(const char *name, bool writes, int *value, int *isThere) {
  int provided = MPI_THREAD_SINGLE, index = 0, count = 0;
  MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
  *isThere = 0;
  int status = MPI_T_init_thread(MPI_THREAD_FUNNELED, &provided);
  if (status != MPI_SUCCESS) return status;
  if (MPI_T_cvar_get_index(name, &index) == MPI_SUCCESS) {
    status = MPI_T_cvar_handle_alloc(index, NULL, &handle, &count);
    if (status == MPI_SUCCESS) {
      *isThere = count == 1;
      if (*isThere) status = writes ? MPI_T_cvar_write(handle, value) : MPI_T_cvar_read(handle, value);
      const int freed = MPI_T_cvar_handle_free(&handle);
      if (status == MPI_SUCCESS) status = freed;
    }
  }
  const int ended = MPI_T_finalize();
  return status == MPI_SUCCESS ? ended : status;
}

// Beside MPI: the C library declares sched_getaffinity to GNU sources only, which Swift's importer is not.

/// Bytes of the calling thread's affinity mask written to `mask`; -1 where it does not fit into `byteCount` bytes.
static inline long CMPI_affinity(size_t byteCount, unsigned long *mask) {
  return syscall(SYS_sched_getaffinity, 0, byteCount, mask);
}
/// Makes `mask` the calling thread's affinity mask; -1 where that is refused.
static inline long CMPI_set_affinity(size_t byteCount, const unsigned long *mask) {
  return syscall(SYS_sched_setaffinity, 0, byteCount, mask);
}

/// Makes this process the parent of all its descendants whose own parents end (prctl takes a variable list of arguments,
/// which Swift cannot call).
static inline int CMPI_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

#pragma clang assume_nonnull end

#endif
