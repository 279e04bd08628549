#pragma once

/// Asks for the cache line at `address`, which will be read.
static inline __attribute__((always_inline)) void prefetch_for_reading(const void *address) { __builtin_prefetch(address, 0, 3); }

/// Asks for the cache line at `address`, which will be written.
static inline __attribute__((always_inline)) void prefetch_for_writing(const void *address) { __builtin_prefetch(address, 1, 3); }

typedef float floats_of_line __attribute__((ext_vector_type(16)));

/// Writes a cache line, whose address divides by 64, to memory without reading it into the caches first.
static inline __attribute__((always_inline)) void store_past_caches(float *line, floats_of_line values) {
    __builtin_nontemporal_store(values, (floats_of_line *)line);
}

/// Other threads see what was stored past the caches when they see what this thread writes next.
static inline __attribute__((always_inline)) void finish_stores_past_caches(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}
