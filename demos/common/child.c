/* SPDX-License-Identifier: MIT */
/**
 * @file child.c
 * @brief Children with a deadline.
 *
 * Two pipes lead from the child to its parent: one carries its output, one says by a byte that it
 * is ready. Both reach their end when the child has ended, however that came about, so the parent
 * only ever waits in poll(), and never longer than the deadline.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo_child.h"
#include "demo_private.h"
#include "demo_thread.h"

static int ready_end = -1; /* in the child: where it says that it is ready */

bool demo_is_child(void)
{
    return ready_end >= 0;
}

/* AddressSanitizer asks this at the end: among threads that a fork has left behind, or that exit has
   abandoned, its search for leaks may hang. The parent looks for its own. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its name */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return demo_is_child();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void demo_child_ready(void)
{
    if (!demo_is_child())
        demo_misuse("demo_child_ready() is for child processes");
    if (write(ready_end, "!", 1) != 1)
        demo_misuse("the child's parent does not listen");
}

_Noreturn static void be_child(int (*body)(void *), void *arg, int output, int ready, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE); /* it had ended before prctl() */
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(output);
    ready_end = ready;
    int status = body(arg);
    demo_child_ready();
    exit(status);
}

/* Passes output on, a line at a time, and keeps its beginning. */
struct relay {
    char line[1024];
    size_t length;
    size_t kept;
};

static void relay_flush(struct relay *relay)
{
    demo_write(relay->line, relay->length);
    relay->length = 0;
}

static void relay_take(struct relay *relay, demo_child *child, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        relay->line[relay->length++] = text[i];
        if (text[i] == '\n' || relay->length == sizeof relay->line)
            relay_flush(relay);
        if (relay->kept < sizeof child->output - 1)
            child->output[relay->kept++] = text[i];
    }
}

/* Reads until both pipes have ended or the deadline has passed; returns whether they have ended. */
static bool follow(int output, int ready, double seconds, demo_child *child, struct relay *relay)
{
    struct pollfd ends[2] = {{.fd = output, .events = POLLIN}, {.fd = ready, .events = POLLIN}};
    double deadline = weft_now() + DEMO_PATIENCE;
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        double left = deadline - weft_now();
        if (left <= 0)
            return false;
        if (poll(ends, 2, left < 1 ? (int)(left * 1000) + 1 : 1000) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            if (ends[i].fd < 0 || ends[i].revents == 0)
                continue;
            char text[1024];
            ssize_t length = read(ends[i].fd, text, sizeof text);
            if (length <= 0) {
                ends[i].fd = -1;
            } else if (i == 0) {
                relay_take(relay, child, text, (size_t)length);
            } else if (!child->ready) {
                child->ready = true;
                deadline = weft_now() + (seconds >= 1e9 ? DEMO_PATIENCE : demo_seconds(seconds));
            }
        }
    }
    return true;
}

static void refuse_threads(void)
{
    size_t threads = 0;
    weft_thread_list_free(demo_must(weft_thread_enumerate(&threads)));
    if (threads > 1)
        demo_misuse("a child must be forked before the first thread starts");
}

/*
 * Whether all other threads of the system's sleep. The library and sanitizers may have some that
 * are in no list; a lock that one of them holds during the fork would stay locked in the child.
 */
static bool others_sleep(void)
{
    bool asleep = true;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        return true;
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        uint64_t native_id = strtoull(task->d_name, NULL, 10);
        if (native_id != 0 && native_id != (uint64_t)gettid())
            asleep = asleep && demo_kernel_letter(native_id) != 'R';
    }
    closedir(tasks);
    return asleep;
}

demo_child demo_child_run(int (*body)(void *arg), void *arg, double seconds)
{
    demo_board();
    refuse_threads();
    DEMO_AWAIT(others_sleep());
    int output[2];
    int ready[2];
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
        demo_misuse("no pipe to a child process");
    fflush(NULL); /* or both processes write what is in the buffers */
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        demo_misuse("no child process");
    if (pid == 0) {
        close(output[0]);
        close(ready[0]);
        be_child(body, arg, output[1], ready[1], parent);
    }
    close(output[1]);
    close(ready[1]);

    demo_child child = {.exit_status = -1};
    struct relay relay = {.length = 0};
    child.killed = !follow(output[0], ready[0], seconds, &child, &relay);
    if (child.killed)
        kill(pid, SIGKILL);
    relay_flush(&relay);
    int status;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status))
        child.exit_status = WEXITSTATUS(status);
    close(output[0]);
    close(ready[0]);
    return child;
}
