/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

static const char wanted[] = "WEFT_TEST_PROGRAM";

void program_begin(const char *name, int (*run)(void))
{
    const char *this_one = getenv(wanted);
    if (this_one == NULL || strcmp(this_one, name) != 0)
        return;
    unsetenv(wanted);
    int status = run();
    exit(status != 0 ? status : test_witness_failures() != 0);
}

void program_again(const char *const *arguments)
{
    enum { MOST_ARGUMENTS = 8 };
    char path[4096];
    const char *all[MOST_ARGUMENTS + 3] = {NULL};
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = '\0';
    size_t count = 0;
    all[count] = getenv("WEFT_TEST_EMULATOR"); /* a foreign processor's program is run by one */
    count += all[count] != NULL;
    all[count++] = path;
    for (size_t i = 0; i < MOST_ARGUMENTS && arguments[i] != NULL; i++)
        all[count++] = arguments[i];
    execvp(all[0], (char *const *)all);
}

static _Noreturn void execute(const char *name, int input, int output)
{
    const char *const none[] = {NULL};
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a case that is killed takes its programs along */
#endif
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    for (int fd = STDERR_FILENO + 1; fd <= (input > output ? input : output) + 2; fd++)
        close(fd);
    setenv(wanted, name, 1);
    program_again(none);
    _exit(127);
}

struct program program_start(const char *name)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    struct program program = {.process = fork(), .input = in[1], .output = out[0]};
    if (program.process == 0)
        execute(name, in[0], out[1]);
    assert_true(program.process > 0);
    close(in[0]);
    close(out[1]);
    return program;
}

/* Reads some; false at the end. */
static bool read_on(struct program *program)
{
    size_t room = sizeof program->text - 1 - program->length;
    ssize_t got = read(program->output, program->text + program->length, room);
    if (got <= 0)
        return false;
    program->length += (size_t)got;
    program->text[program->length] = '\0';
    return true;
}

bool program_says(struct program *program, const char *text)
{
    while (strstr(program->text, text) == NULL)
        if (!read_on(program))
            return false;
    return true;
}

int program_end(struct program *program)
{
    int status = 0;
    close(program->input);
    while (read_on(program)) {
        /* all of it */
    }
    close(program->output);
    assert_int_equal(waitpid(program->process, &status, 0), program->process);
    return WIFSIGNALED(status) ? PROGRAM_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}
