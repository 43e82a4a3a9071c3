/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_STARTED = 126, MOST_OUTPUT = 1 << 20 };

static sigset_t mask_before; /* the demos get the signals that the runner was started with */

int process_watch_signals(void)
{
    sigset_t watched;
    sigemptyset(&watched);
    const int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&watched, signals[i]);
    sigprocmask(SIG_BLOCK, &watched, &mask_before);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the children's statuses away */
    int fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        fail("no signalfd: %s", strerror(errno));
    return fd;
}

static void set_environment(double speed)
{
    char *text = format_string("%.17g", speed);
    setenv("WEFT_DEMO_SPEED", text, 1);
    setenv("WEFT_DUMP_ON", "QUIT", 1);
    free(text);

    /* ThreadSanitizer objects to a fork beside another thread, and what waits for the signal to
       dump is a thread. */
    const char *given = getenv("TSAN_OPTIONS");
    text = format_string("%s:die_after_fork=0", given != NULL ? given : "");
    setenv("TSAN_OPTIONS", text, 1);
    free(text);
}

static _Noreturn void become(const char *program, double speed, int output, pid_t runner)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != runner)
        _exit(NOT_STARTED); /* the runner had died before prctl() */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
    set_environment(speed);
    execl(program, program, (char *)NULL);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", program, strerror(errno));
    _exit(NOT_STARTED);
}

struct process process_start(const char *program, double speed)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail("no pipe: %s", strerror(errno));
    fflush(NULL); /* or both processes write what is in the buffers */
    pid_t runner = getpid();
    pid_t pid = fork();
    if (pid < 0)
        fail("no process: %s", strerror(errno));
    if (pid == 0)
        become(program, speed, ends[1], runner);
    setpgid(pid, pid); /* here too: a signal to the group must not come before the group */
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return (struct process){pid, ends[0]};
}

size_t process_read(struct process *process, struct text *output)
{
    size_t before = output->length;
    while (process->output >= 0) {
        char bytes[4096];
        ssize_t length = read(process->output, bytes, sizeof bytes);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            break;
        if (length <= 0) {
            close(process->output);
            process->output = -1;
        } else if (output->length < MOST_OUTPUT) {
            text_add(output, bytes, (size_t)length);
        }
    }
    return output->length - before;
}

bool process_ended(struct process *process, struct text *output, int *wait_status)
{
    siginfo_t info = {0};
    /* Looked at, not taken: its number, which is its group's, cannot be given to others yet. */
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    kill(-process->pid, SIGKILL);
    waitpid(process->pid, wait_status, 0);
    process_read(process, output);
    if (process->output >= 0)
        close(process->output);
    process->output = -1;
    return true;
}

void process_signal(const struct process *process, int signal_number)
{
    kill(-process->pid, signal_number);
}
