// What Swift needs of MPI and the system and cannot import itself: MPI's constants are pointer-cast macros;
// futex, atomics in shared memory and processor masks are C. Everything else of <mpi.h> is called from Swift directly.
#pragma once
#include "Affinity.h"
#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Datatype cmpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype cmpi_uint64(void) { return MPI_UINT64_T; }
static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }
static inline MPI_Op cmpi_minimum(void) { return MPI_MIN; }
static inline MPI_Op cmpi_bitwise_or(void) { return MPI_BOR; }
static inline MPI_Info cmpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Request cmpi_request_null(void) { return MPI_REQUEST_NULL; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline void *cmpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Status *cmpi_status_ignore(void) { return MPI_STATUS_IGNORE; }
static inline MPI_Status *cmpi_statuses_ignore(void) { return MPI_STATUSES_IGNORE; }
static inline int cmpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int cmpi_any_tag(void) { return MPI_ANY_TAG; }

/// A barrier for processes or threads that share memory. All bytes zero is its initial state.
typedef struct cmpi_host_barrier cmpi_host_barrier;

/// Bytes that a barrier takes; it must be 64-byte aligned.
size_t cmpi_host_barrier_bytes(void);

/// Counts this participant as arrived, of `participants`, and returns the ticket to wait with.
uint32_t cmpi_host_barrier_arrive(cmpi_host_barrier *barrier, uint32_t participants);

/// Waits until all have arrived: `spins` polls, 200 yields, then asleep for at most `nanoseconds`. Returns 1 when they have, 0 when time ran out.
int cmpi_host_barrier_wait(cmpi_host_barrier *barrier, uint32_t ticket, uint32_t spins, uint64_t nanoseconds);

/// Writes a word that other processes or threads read; what was written and read before stays before.
static inline void cmpi_publish(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

/// Reads such a word; what is read and written afterwards stays after.
static inline uint32_t cmpi_observe(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

/// Whether the kernel lets this process read another's memory by process_vm_readv, which Open MPI's shared-memory transport uses.
int cmpi_cross_memory_attach_allowed(void);

/// Leaves a process behind that ends the caller's parent in `seconds` if it runs then and is Open MPI's daemon of this host.
void cmpi_end_daemon_after(int seconds);

/// How much later than asked the calling thread may wake up; 0 for the usual 50 microseconds.
void cmpi_set_timer_slack(uint64_t nanoseconds);

/// Which of the processors 64 * word ..< 64 * (word + 1) the calling thread may run on, one bit each; word is 0 to 15.
uint64_t cmpi_allowed_processors(int word);
