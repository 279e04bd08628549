// Links of hosts to a switch: a network interface in each of some network namespaces, and between them a rate and a delay,
// because not every kernel has netem.
//
//   links PREFIX COUNT BITS DELAY     makes link0 in the namespaces PREFIX-node1, …, and carries frames until it is killed
//
// A link carries BITS bits a second each way, and a frame's first bit is on it for DELAY microseconds. What several hosts send
// to one at a time waits in the switch, without loss. Frames are as large as the kernel makes them (up to 64 KiB): the switch
// passes on what comes while it comes, so that only their own length counts, once.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { most = 64, largest = 1 << 17, header = 10 };

struct frame {
    uint64_t due;  // nanoseconds
    uint64_t number;  // frames that are due at once keep their order
    int to;
    int length;
    char bytes[];
};

static struct frame **heap;
static size_t count, room;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int precedes(const struct frame *a, const struct frame *b) {
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static void push(struct frame *frame) {
    if (count == room) {
        room = room ? 2 * room : 1024;
        heap = realloc(heap, room * sizeof *heap);
        if (!heap) fail("realloc");
    }
    size_t place = count++;
    while (place > 0 && precedes(frame, heap[(place - 1) / 2])) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = frame;
}

static struct frame *pop(void) {
    struct frame *first = heap[0], *last = heap[--count];
    size_t place = 0;
    while (2 * place + 1 < count) {
        size_t child = 2 * place + 1;
        if (child + 1 < count && precedes(heap[child + 1], heap[child])) child++;
        if (precedes(last, heap[child])) break;
        heap[place] = heap[child];
        place = child;
    }
    if (count) heap[place] = last;
    return first;
}

// An interface whose frames this process reads and writes, in a namespace, with the last byte of its address.
static int makeLink(const char *prefix, int number) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s-node%d", prefix, number);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail(path);
    close(space);
    int link = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (link < 0) fail("/dev/net/tun");
    struct ifreq request = {.ifr_name = "link0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    if (ioctl(link, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
    // The kernel hands over large frames whole, without checksums, and takes them so.
    if (ioctl(link, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0) fail("TUNSETOFFLOAD");
    return link;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: links PREFIX COUNT BITS DELAY\n");
        return 64;
    }
    int hosts = atoi(argv[2]);
    double perByte = 8e9 / atof(argv[3]);  // nanoseconds
    uint64_t delay = (uint64_t)(atof(argv[4]) * 1000);
    if (hosts < 1 || hosts > most) return 64;
    struct pollfd links[most];
    uint64_t sends[most] = {0}, receives[most] = {0};  // until when each link is busy, each way
    for (int host = 0; host < hosts; host++) links[host] = (struct pollfd){makeLink(argv[1], host + 1), POLLIN, 0};
    // Before all that computes and polls: what it does late, the links do late.
    struct sched_param priority = {.sched_priority = 10};
    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) perror("sched_setscheduler");
    mlockall(MCL_CURRENT);
    printf("ready\n");
    fflush(stdout);
    static char buffer[largest];
    uint64_t number = 0;
    for (;;) {
        uint64_t time = now();
        while (count && heap[0]->due <= time) {
            struct frame *frame = pop();
            // A full queue or a link that is down loses the frame, as they do.
            if (write(links[frame->to].fd, frame->bytes, frame->length) < 0 && errno != EAGAIN && errno != EIO)
                fail("write");
            free(frame);
        }
        time = now();
        struct timespec left = {0, 0};
        if (count && heap[0]->due > time) {
            uint64_t rest = heap[0]->due - time;
            left = (struct timespec){rest / 1000000000, rest % 1000000000};
        }
        if (ppoll(links, hosts, count ? &left : NULL, NULL) < 0 && errno != EINTR) fail("ppoll");
        for (int from = 0; from < hosts; from++) {
            if (!(links[from].revents & POLLIN)) continue;
            // A few at a time, so that no host keeps the others waiting.
            for (int turn = 0; turn < 8; turn++) {
                ssize_t length = read(links[from].fd, buffer, sizeof buffer);
                if (length < 0) {
                    if (errno == EAGAIN || errno == EIO) break;
                    fail("read");
                }
                const unsigned char *ethernet = (const unsigned char *)buffer + header;
                // Addresses end with the host's number; what goes to all is not carried, hosts know each other's.
                int to = ethernet[5] - 1;
                if (length < header + 14 || ethernet[0] != 2 || to < 0 || to >= hosts || to == from) continue;
                uint64_t lasts = (uint64_t)((length - header) * perByte), time = now();
                uint64_t begin = sends[from] > time ? sends[from] : time;
                sends[from] = begin + lasts;
                begin += delay;
                if (receives[to] > begin) begin = receives[to];
                receives[to] = begin + lasts;
                struct frame *frame = malloc(sizeof *frame + length);
                if (!frame) fail("malloc");
                *frame = (struct frame){begin + lasts, number++, to, (int)length};
                memcpy(frame->bytes, buffer, length);
                push(frame);
            }
        }
    }
}
