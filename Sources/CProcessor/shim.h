// What Swift has no word for.

/// Asks for the cache line of an address, which will be read soon; never faults and never waits.
static inline void processor_prefetch(const void *address) { __builtin_prefetch(address); }
