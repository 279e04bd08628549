#define _GNU_SOURCE
#include "CMPI.h"
#include <sys/prctl.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#include <sys/uio.h>
#endif

int cmpi_cross_memory_attach_allowed(void) {
#if defined(__linux__)
    // A seccomp filter (the default of container runtimes) refuses the call even on the caller itself. Yama's and user
    // namespaces' restrictions between processes are checked by Open MPI.
    uint64_t source = 0x5eed, destination = 0;
    struct iovec local = {&destination, sizeof destination}, remote = {&source, sizeof source};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)sizeof source && destination == source;
#else
    return 0;
#endif
}

uint64_t cmpi_allowed_processors(int word) {
    uint64_t mask = 0;
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        for (int bit = 0; bit < 64; bit++) mask |= (uint64_t)(CPU_ISSET(64 * word + bit, &allowed) != 0) << bit;
        return mask;
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    for (int bit = 0; bit < 64; bit++) mask |= (uint64_t)(64 * word + bit < online) << bit;
    return mask;
}

void cmpi_set_timer_slack(uint64_t nanoseconds) { prctl(PR_SET_TIMERSLACK, (unsigned long)nanoseconds); }
