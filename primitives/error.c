/* SPDX-License-Identifier: MIT */
/*
 * A raised error is one block: the public struct, and behind it the texts that it points to. It
 * belongs to the thread that raised it (self->error) until a target that returns WEFT_RAISED ends;
 * then it is moved to the target's result. There is no other owner, hence no count.
 */
#include "primitives/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/memory.h"
#include "primitives/self.h"
#include "primitives/thread.h"

struct error_block {
    weft_error error;
    char texts[];
};

/* The errors that are no blocks. */
static const weft_error no_memory = {
    .code = WEFT_NO_MEMORY,
    .message = "out of memory while an error was raised",
    .file = "",
    .thread_name = "",
};
static const weft_error not_raised = {
    .code = WEFT_FAILED,
    .message = "WEFT_RAISED was returned, but nothing raised",
    .file = "",
    .thread_name = "",
};

void *weft_raised(void)
{
    static char raised;
    return &raised;
}

void wefti_error_free(const weft_error *error)
{
    if (error != NULL && error != &no_memory && error != &not_raised)
        wefti_release((struct error_block *)(uintptr_t)error); /* it is the block's first field */
}

void wefti_result_drop_error(struct wefti_result *result)
{
    wefti_error_free(result->error);
}

/* ---- raise --------------------------------------------------------------------------------- */

/* Appends a text of so many bytes and a zero; returns where it stands. */
static char *append(char **end, const char *text, size_t length)
{
    char *start = *end;
    if (text != NULL)
        memcpy(start, text, length);
    start[length] = '\0';
    *end = start + length + 1;
    return start;
}

/* A block with room for a message of `length` bytes at *message; NULL if there is no memory. */
static struct error_block *make(const char *file, int line, weft_status code, size_t length,
                                char **message)
{
    const char *name = wefti_thread_own_name();
    size_t file_length = file != NULL ? strlen(file) : 0;
    size_t name_length = strlen(name);
    struct error_block *block =
        wefti_allocate(sizeof *block + length + file_length + name_length + 3);
    if (block == NULL)
        return NULL;
    char *end = block->texts;
    *message = append(&end, NULL, length);
    block->error = (weft_error){
        .code = code != WEFT_OK ? code : WEFT_FAILED,
        .line = line,
        .message = *message,
        .file = append(&end, file, file_length),
        .thread_name = append(&end, name, name_length),
    };
    return block;
}

/* The one before goes last: the new message may quote it. */
void wefti_error_raise(const weft_error *error)
{
    struct wefti_self *self = wefti_self();
    (void)wefti_self_enlist();
    if (!self->registered) { /* on its way out, or nobody will notice: nobody would free it */
        wefti_error_free(error);
        return;
    }
    wefti_error_free(self->error);
    self->error = error;
}

/* Makes it the calling thread's error. */
static void *keep(const weft_error *error)
{
    wefti_error_raise(error);
    return WEFT_RAISED;
}

static const weft_error *error_of(const char *file, int line, weft_status code, const char *text)
{
    char *message;
    if (text == NULL)
        text = weft_strerror(code != WEFT_OK ? code : WEFT_FAILED);
    size_t length = strlen(text);
    struct error_block *block = make(file, line, code, length, &message);
    if (block == NULL)
        return &no_memory;
    memcpy(message, text, length); /* NOLINT(bugprone-not-null-terminated-result): it is */
    return &block->error;
}

const weft_error *wefti_error_new(weft_status code, const char *text)
{
    return error_of(NULL, 0, code, text);
}

void *weft_raise_text_at(const char *file, int line, weft_status code, const char *text)
{
    return keep(error_of(file, line, code, text));
}

void *weft_raise_at(const char *file, int line, weft_status code, const char *format, ...)
{
    char *message;
    va_list args;
    if (format == NULL)
        return weft_raise_text_at(file, line, code, NULL);
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) /* printf cannot do it: better its format than nothing */
        return weft_raise_text_at(file, line, code, format);
    struct error_block *block = make(file, line, code, (size_t)length, &message);
    if (block != NULL) {
        va_start(args, format);
        vsnprintf(message, (size_t)length + 1, format, args);
        va_end(args);
    }
    return keep(block != NULL ? &block->error : &no_memory);
}

const weft_error *weft_last_error(void)
{
    return wefti_self()->error;
}

/* ---- targets ------------------------------------------------------------------------------- */

/* Takes the calling thread's error over, and puts another (NULL: none) in its place. */
static const weft_error *exchange(const weft_error *error)
{
    struct wefti_self *self = wefti_self();
    const weft_error *present = self->error;
    self->error = error;
    return present;
}

struct wefti_result wefti_returned(void *value)
{
    if (value != WEFT_RAISED)
        return (struct wefti_result){.value = value};
    const weft_error *raised = exchange(NULL);
    return (struct wefti_result){.error = raised != NULL ? raised : &not_raised};
}

static void restore(const weft_error **before)
{
    wefti_error_free(exchange(*before));
}

struct wefti_result wefti_run(weft_target *target, void *arg)
{
    /* A cleanup: the target may end its thread. */
    const weft_error *before __attribute__((cleanup(restore), unused)) = exchange(NULL);
    return wefti_returned(target(arg));
}

void wefti_error_drop(void)
{
    wefti_error_free(exchange(NULL));
}
