#pragma once

/// Asks for the cache line at `address`, which will be read.
static inline __attribute__((always_inline)) void prefetch_for_reading(const void *address) { __builtin_prefetch(address, 0, 3); }

/// Asks for the cache line at `address`, which will be written.
static inline __attribute__((always_inline)) void prefetch_for_writing(const void *address) { __builtin_prefetch(address, 1, 3); }
