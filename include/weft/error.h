/* SPDX-License-Identifier: MIT */
/**
 * @file error.h
 * @brief Errors of threads, timers and tasks: Python's `raise`, and `threading.excepthook`.
 *
 * A target that cannot do its work says why and returns what the call gives it:
 * @code
 *     static void *parse(void *arg)
 *     {
 *         const char *name = arg;
 *         FILE *file = fopen(name, "r");
 *         if (file == NULL)
 *             return weft_raise(WEFT_USER + 1, "cannot open %s", name);
 *         ...
 *     }
 *
 *     if (weft_thread_join(t) == WEFT_FAILED)
 *         fprintf(stderr, "%s\n", weft_thread_error(t)->message);
 * @endcode
 * The error travels to whoever joins. It is the handle's: it lives as long, and nobody has to free
 * it or to ask for it. A target has failed if and only if it returns #WEFT_RAISED: an error that is
 * raised and not returned is dropped when the target ends, and a second one replaces the first.
 *
 * Codes from #WEFT_USER up are the program's own; the library's may be raised too.
 *
 * A failed thread also calls the excepthook, which prints the error to standard error unless the
 * program has set another one. Every call is thread-safe; none may be made from a signal handler.
 */
#ifndef WEFT_ERROR_H
#define WEFT_ERROR_H

#include <weft/status.h>

WEFT_BEGIN_DECLS

struct weft_thread;

/** What went wrong, and where. To be read only; later versions may add fields at the end. */
typedef struct weft_error {
    weft_status code;        /**< As raised, never WEFT_OK. */
    int line;                /**< Where it was raised; 0: unknown. */
    const char *message;     /**< For people, whole, however long it is; never NULL. */
    const char *file;        /**< Where it was raised; "": unknown. */
    const char *thread_name; /**< The name that the raising thread had then; "": unknown. */
} weft_error;

/** What a failed target returns: a pointer that nothing else returns. */
#define WEFT_RAISED weft_raised()

/** The function behind #WEFT_RAISED. */
WEFT_API void *weft_raised(void);

/**
 * Records an error of the calling thread, as `raise`:
 * `return weft_raise(code, "cannot parse %s", name);`
 * The arguments after the code are printf's. Code WEFT_OK counts as WEFT_FAILED. If there is no
 * memory for the error, one of code WEFT_NO_MEMORY that says so takes its place.
 * @return #WEFT_RAISED, always.
 */
#define weft_raise(...) weft_raise_at(__FILE__, __LINE__, __VA_ARGS__)

/** The function behind weft_raise(). All strings are copied. */
WEFT_API void *weft_raise_at(const char *file, int line, weft_status code, const char *format, ...)
    WEFT_PRINTF(4, 5);

/** The form without varargs: @p text is the message, NULL the sentence of the code. */
#define weft_raise_text(code, text) weft_raise_text_at(__FILE__, __LINE__, (code), (text))

/** The function behind weft_raise_text(), for bindings. All strings are copied. */
WEFT_API void *weft_raise_text_at(const char *file, int line, weft_status code, const char *text);

/**
 * The error that the calling thread has raised last and has not returned yet, lent until it raises
 * again or its target ends; NULL: none. As what `except Exception as e` binds.
 */
WEFT_API const weft_error *weft_last_error(void);

/** Told of a failed target, in its thread, before that ends: `threading.excepthook(args)`. */
typedef void weft_excepthook(struct weft_thread *thread, const weft_error *error, void *arg);

/**
 * From now on @p hook is called with @p arg for each target of a thread or timer that fails;
 * NULL brings the default back. The hook may use the library; what it raises is dropped.
 */
WEFT_API void weft_set_excepthook(weft_excepthook *hook, void *arg);

/**
 * The default hook, `threading.__excepthook__`: prints "Exception in thread NAME: MESSAGE
 * (FILE:LINE)" and a newline to standard error. @p thread may be NULL, @p arg is not used.
 */
WEFT_API void weft_default_excepthook(struct weft_thread *thread, const weft_error *error,
                                      void *arg);

/**
 * Calls the present hook with the calling thread and @p error, `threading.excepthook(args)`: for
 * libraries on top of this one that call a program's functions. NULL is ignored.
 */
WEFT_API void weft_call_excepthook(const weft_error *error);

WEFT_END_DECLS

#endif
