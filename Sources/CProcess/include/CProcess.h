// What Swift needs of processes, threads and signals and cannot call itself: fork with work between it and exec, prctl,
// and signals read from a descriptor.
#pragma once
#include <stdint.h>

/// Starts `arguments[0]`, which is looked for in PATH, with the variables of `environment`, as the leader of a process group of
/// its own. Standard input is /dev/null, standard output and standard error are the descriptors given unless they are negative,
/// and all signals are unblocked and have their default action. When the calling thread ends, however, the kernel sends the new process
/// `death_signal`. Returns its process number, or the negative error number of the call that failed, exec included.
int32_t process_start(char *const arguments[], char *const environment[], int32_t output_descriptor, int32_t error_descriptor,
                      int32_t death_signal);

/// Makes the calling process the parent of its descendants whose own parents end. Returns 0 or an error number.
int32_t process_adopt_orphans(void);

/// Blocks `count` signals in the calling thread and returns a descriptor that tells of them, or a negative error number.
int32_t process_signal_descriptor(const int32_t *signals, int32_t count);

/// Names the calling thread for debuggers, by the first 15 bytes.
void process_name_thread(const char *name);

/// The first bytes of the calling thread's name, at most 15, into `name`, which has room for 16.
void process_thread_name(char *name);

/// Whether the calling thread is the one that `main` runs on.
int32_t process_is_main_thread(void);

/// A pointer of the calling thread's own: what it has set last, NULL at first.
void *process_thread_pointer(void);
void process_set_thread_pointer(void *pointer);

/// From now on SIGBUS calls `handler` with the signal's si_code and si_addr.
void process_handle_bus_error(void (*handler)(int32_t code, const void *address));

/// Whether an si_code of SIGBUS means that the hardware found the memory damaged.
int32_t process_is_memory_failure(int32_t code);

/// The name of a signal without SIG, as `KILL`; NULL for those without a name of their own.
const char *process_signal_name(int32_t signal);

/// The number of the next signal that has come, 0 when there is none.
int32_t process_next_signal(int32_t descriptor);
