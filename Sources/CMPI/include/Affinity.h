#pragma once
#include <stdint.h>

/// Lets the calling thread, and threads that it makes from now on, run on the processors whose bits are set; 64 a word.
/// Returns 0, or the error number of sched_setaffinity.
int cmpi_run_on_processors(const uint64_t *words, int32_t count);
