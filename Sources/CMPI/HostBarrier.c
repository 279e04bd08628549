// A centralised barrier with a generation count (Mellor-Crummey and Scott, "Algorithms for scalable synchronization on
// shared-memory multiprocessors", ACM TOCS 1991, section 3.1); waiters spin, then yield, then sleep on a futex in the shared memory.
#define _GNU_SOURCE
#include "CMPI.h"
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

struct cmpi_host_barrier {
    _Alignas(64) _Atomic uint32_t arrived;
    _Alignas(64) _Atomic uint32_t generation;
    _Alignas(64) _Atomic uint32_t sleepers;
};

size_t cmpi_host_barrier_bytes(void) { return sizeof(cmpi_host_barrier); }

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Sleeps while the word still holds `value`, at most `nanoseconds`; may wake early.
static void sleep_on(_Atomic uint32_t *word, uint32_t value, uint64_t nanoseconds) {
    struct timespec limit = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
#if defined(__linux__)
    syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
#else
    struct timespec slice = {0, 50000};
    (void)word, (void)value;
    nanosleep(nanoseconds < 50000u ? &limit : &slice, NULL);
#endif
}

static void wake_all(_Atomic uint32_t *word) {
#if defined(__linux__)
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
#else
    (void)word;
#endif
}

uint32_t cmpi_host_barrier_arrive(cmpi_host_barrier *barrier, uint32_t participants) {
    // Read before arriving: nobody can move the generation on until this participant has arrived.
    uint32_t ticket = atomic_load_explicit(&barrier->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1 == participants) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        // Sequentially consistent against the sleeper's count and re-read: one of the two sees the other.
        atomic_fetch_add(&barrier->generation, 1);
        if (atomic_load(&barrier->sleepers) != 0) wake_all(&barrier->generation);
    }
    return ticket;
}

int cmpi_host_barrier_wait(cmpi_host_barrier *barrier, uint32_t ticket, uint32_t spins, uint64_t nanoseconds) {
    for (uint32_t spin = 0; spin <= spins; spin++) {
        if (atomic_load_explicit(&barrier->generation, memory_order_acquire) != ticket) return 1;
        relax();
    }
    for (int yield = 0; yield < 200; yield++) {
        sched_yield();
        if (atomic_load_explicit(&barrier->generation, memory_order_acquire) != ticket) return 1;
    }
    atomic_fetch_add(&barrier->sleepers, 1);
    if (atomic_load(&barrier->generation) == ticket) sleep_on(&barrier->generation, ticket, nanoseconds);
    atomic_fetch_sub(&barrier->sleepers, 1);
    return atomic_load_explicit(&barrier->generation, memory_order_acquire) != ticket;
}
