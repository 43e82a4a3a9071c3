/* SPDX-License-Identifier: MIT */
/*
 * A small server: each worker thread has a buffer of its own, each request has a number that its
 * log lines carry wherever its work is done, and one job is noisier than the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

enum { WORKERS = 2, LINES = 8, LENGTH = 64 };

static weft_lock lock = WEFT_LOCK_INIT;
static char lines[LINES][LENGTH]; /* what was logged, guarded by the lock */
static int logged, buffers_made, buffers_freed;

/* ---- a value of each thread: made at its first use, freed at its end ------------------------- */

struct buffer {
    char text[LENGTH];
};

static void *make_buffer(void *arg)
{
    struct buffer *buffer = calloc(1, sizeof *buffer);
    if (buffer == NULL)
        return weft_raise(WEFT_NO_MEMORY, "no memory for a buffer");
    WEFT_WITH(&lock) {
        ++*(int *)arg;
    }
    return buffer;
}

static void free_buffer(void *buffer)
{
    WEFT_WITH(&lock) {
        buffers_freed++;
    }
    free(buffer);
}

static WEFT_LOCAL_OF(struct buffer) buffers = WEFT_LOCAL_OF_INIT(.initializer = make_buffer,
                                                                 .arg = &buffers_made,
                                                                 .destructor = free_buffer);

/* ---- a value that goes where its work goes: a copy of it is a copy of the string ------------- */

static void *copy_string(void *string)
{
    char *copy = strdup(string);
    return copy != NULL ? copy : weft_raise(WEFT_NO_MEMORY, "no memory for a string");
}

static WEFT_LOCAL_OF(char) request = WEFT_LOCAL_OF_INIT(.destructor = free, .copy = copy_string);

/* ---- a value for the time of a block --------------------------------------------------------- */

static weft_local prefix; /* all-zero bytes are a Local, too */

static void write_log(const char *what)
{
    struct buffer *buffer = WEFT_LOCAL_GET(&buffers); /* no lock: it is this thread's */
    const char *before = weft_local_get(&prefix);
    if (buffer == NULL)
        return;
    snprintf(buffer->text, LENGTH, "%s%s: %s", before != NULL ? before : "",
             WEFT_LOCAL_GET(&request), what);
    WEFT_WITH(&lock) {
        memcpy(lines[logged++], buffer->text, LENGTH);
    }
}

/* ---- the work -------------------------------------------------------------------------------- */

struct job {
    weft_context *context; /* the submitter's values */
    const char *what;
};

static void *work(void *arg)
{
    const struct job *job = arg;
    static char loud[] = "!! ";
    if (strcmp(job->what, "pay") != 0) {
        write_log(job->what);
        return arg;
    }
    WEFT_LOCAL_WITH(&prefix, loud) {
        write_log(job->what);
    }
    return arg;
}

static void *run_job(void *arg)
{
    const struct job *job = arg;
    return weft_context_run(job->context, work, arg);
}

/* Handles a request in this thread, and gives its job to another. */
static weft_thread *handle(struct job *job, const char *number)
{
    char *own = strdup(number);
    if (own == NULL || WEFT_LOCAL_SET(&request, own) != WEFT_OK) {
        free(own);
        return NULL;
    }
    job->context = weft_context_capture(); /* copies the number: this thread goes on to the next */
    return job->context != NULL ? weft_thread_spawn(run_job, job) : NULL;
}

static bool was_logged(const char *line)
{
    for (int i = 0; i < logged; i++)
        if (strcmp(lines[i], line) == 0)
            return true;
    return false;
}

int main(void)
{
    struct job jobs[WORKERS] = {{.what = "read"}, {.what = "pay"}};
    const char *numbers[WORKERS] = {"request 17", "request 18"};
    weft_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if ((workers[i] = handle(&jobs[i], numbers[i])) == NULL)
            return 2;
    write_log("handed on");
    for (int i = 0; i < WORKERS; i++) {
        weft_thread_join(workers[i]); /* after it the thread's buffer has been freed */
        weft_thread_free(workers[i]);
        weft_context_free(jobs[i].context);
    }
    for (int i = 0; i < logged; i++)
        puts(lines[i]);
    printf("%d buffers made, %d freed\n", buffers_made, buffers_freed);
    return was_logged("request 17: read") && was_logged("!! request 18: pay") &&
                   was_logged("request 18: handed on") && buffers_made == WORKERS + 1 &&
                   buffers_freed == WORKERS
               ? 0
               : 1;
}
