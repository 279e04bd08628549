#define _GNU_SOURCE
#include "CProcess.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs in the child; writes the error number to `report` and ends when exec fails.
static void become(char *const arguments[], char *const environment[], int output_descriptor, int error_descriptor, int death_signal,
                   pid_t parent, int report) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0) goto failure;
    if (input != STDIN_FILENO) close(input);
    if (output_descriptor >= 0 && dup2(output_descriptor, STDOUT_FILENO) < 0) goto failure;
    if (error_descriptor >= 0 && dup2(error_descriptor, STDERR_FILENO) < 0) goto failure;
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, death_signal) != 0) goto failure;
    // The parent may have ended before it could be told apart by its end.
    if (getppid() != parent) _exit(127);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvpe(arguments[0], arguments, environment);
failure:;
    int32_t code = errno;
    ssize_t written = write(report, &code, sizeof code);
    (void)written;
    _exit(127);
}

int32_t process_start(char *const arguments[], char *const environment[], int32_t output_descriptor, int32_t error_descriptor,
                      int32_t death_signal) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(arguments, environment, output_descriptor, error_descriptor, death_signal, parent, report[1]);
    int32_t code = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        ssize_t count;
        do count = read(report[0], &code, sizeof code);
        while (count < 0 && errno == EINTR);
        if (count == sizeof code) waitpid(child, NULL, 0);
        else code = 0;
    }
    close(report[0]);
    return code != 0 ? -code : (int32_t)child;
}

void process_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

void process_thread_name(char *name) { prctl(PR_GET_NAME, name); }

int32_t process_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }

static _Thread_local void *thread_pointer;

void *process_thread_pointer(void) { return thread_pointer; }

void process_set_thread_pointer(void *pointer) { thread_pointer = pointer; }

int32_t process_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno; }

int32_t process_signal_descriptor(const int32_t *signals, int32_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (int32_t i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -errno;
    int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

static void (*handle_bus_error)(int32_t code, const void *address);

static void receive_bus_error(int number, siginfo_t *information, void *context) {
    (void)number, (void)context;
    handle_bus_error(information->si_code, information->si_addr);
}

void process_handle_bus_error(void (*handler)(int32_t code, const void *address)) {
    struct sigaction action = {0};
    handle_bus_error = handler;
    action.sa_sigaction = receive_bus_error;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGBUS, &action, NULL);
}

int32_t process_is_memory_failure(int32_t code) { return code == BUS_MCEERR_AR || code == BUS_MCEERR_AO; }

const char *process_signal_name(int32_t signal) { return sigabbrev_np(signal); }

int32_t process_next_signal(int32_t descriptor) {
    struct signalfd_siginfo information;
    ssize_t count;
    do count = read(descriptor, &information, sizeof information);
    while (count < 0 && errno == EINTR);
    return count == sizeof information ? (int32_t)information.ssi_signo : 0;
}
