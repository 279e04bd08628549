#define _GNU_SOURCE
#include "Affinity.h"
#include <errno.h>
#include <sched.h>

int cmpi_run_on_processors(const uint64_t *words, int32_t count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int32_t i = 0; i < 64 * count && i < CPU_SETSIZE; i++) {
        if (words[i / 64] >> (i % 64) & 1) CPU_SET(i, &set);
    }
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : errno;
}
