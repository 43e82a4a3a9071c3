/* SPDX-License-Identifier: MIT */
/*
 * A value is one thread's of one Local. It stands in two lists: its Local's, so that the Local can
 * end it, and its holder's, in the order of their making. The holder is a thread, which sees it, or
 * a context, which carries it. A thread finds the values that it holds through its slots.
 *
 * One mutex guards the lists, and what else says so below. It is held for a few dozen instructions,
 * never while a program's code runs (its allocator counts), and none of the library's other locks
 * is taken with it. A thread reads its own slots and values without it: another one changes them
 * only where it destroys the Local, which nobody else may use then.
 */
#ifndef WEFTI_LOCAL_VALUE_H
#define WEFTI_LOCAL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/context.h>
#include <weft/local.h>

struct wefti_self;

/*
 *   NONE     there is none
 *   MAKING   its initializer runs
 *   OWNED    it is the Local's: the destructor ends it
 *   LENT     it is the program's, for the time of a block
 *
 *   from          to       by
 *   NONE          MAKING   get
 *   NONE          OWNED    set; a context's capture
 *   NONE          LENT     enter
 *   MAKING        OWNED    get: the initializer has returned
 *   OWNED, LENT   OWNED    set
 *   OWNED, LENT   LENT     enter
 *   OWNED, LENT   OWNED, LENT or NONE, as before enter: leave
 *   OWNED, LENT   NONE     clear, destroy, the end of the thread or context
 *   MAKING        NONE     get: the initializer has failed; the end of the thread
 */
enum wefti_value_kind { WEFTI_NONE, WEFTI_MAKING, WEFTI_OWNED, WEFTI_LENT };

struct weft_local_value {
    weft_local *local;
    struct wefti_holder *holder; /* changed under the mutex, by its thread or by who destroys */
    void *value;
    uint32_t kind;                  /* atomic, as scopes: who destroys looks at both */
    uint32_t scopes;                /* blocks that are open on it */
    uint64_t serial;                /* in the order of their making */
    struct weft_local_value *older; /* the holder's list, guarded by the mutex */
    struct weft_local_value *newer;
    struct weft_local_value *next; /* the Local's list, the newest first; the same */
    struct weft_local_value **link;
};

/* Some values, guarded by the mutex. */
struct wefti_holder {
    struct weft_local_value *oldest;
    struct weft_local_value *newest;
    struct wefti_locals *thread; /* whose they are; NULL: a context's own */
    uint64_t removals;           /* so often one has left */
};

struct wefti_slot {
    weft_local_slot seen;           /* what weft_local_get reads */
    struct weft_local_value *value; /* NULL: none */
};

/* What a thread has of Locals; on the heap, because it outlives a thread that a fork has lost. */
struct wefti_locals {
    struct wefti_holder values;
    struct wefti_slot *slots;  /* written by the thread, under the mutex; so are the next two */
    size_t size;               /* in bytes */
    weft_context *context;     /* that it has entered last; the thread's own */
    uint32_t forks;            /* wefti_forks(): if that is another, the thread is in a parent */
    struct wefti_locals *next; /* all of them, guarded by the mutex: found by who looks for leaks */
    struct wefti_locals **link;
};

void wefti_locals_lock(void);
void wefti_locals_unlock(void);

/* The calling thread's value; NULL: it has none. */
struct weft_local_value *wefti_value_find(const weft_local *local);

/* Makes one, of that kind, where there is none. WEFT_NO_MEMORY; WEFT_RUNTIME: no more are made. */
weft_status wefti_value_make(weft_local *local, enum wefti_value_kind kind,
                             struct weft_local_value **made);

/* Changes one of the calling thread's. */
void wefti_value_put(struct weft_local_value *value, enum wefti_value_kind kind, void *what);

/* A value that is in no list; NULL: no memory. */
struct weft_local_value *wefti_value_new(weft_local *local, enum wefti_value_kind kind);

/* With the mutex held: a new one comes to its holder. */
void wefti_value_enter(struct weft_local_value *value, struct wefti_holder *holder);

/* With the mutex held: those that are wanted go from one holder to another; the order stays. */
void wefti_values_move(struct wefti_holder *from, struct wefti_holder *to,
                       bool (*wanted)(const struct weft_local_value *value));

/* With the mutex held, which it gives up: it leaves its lists, is destroyed and freed. */
void wefti_value_end(struct weft_local_value *value);

/* With the mutex held: its thread is lost in a fork; then its Local forgets it, and it stays. */
bool wefti_value_lost(const struct weft_local_value *value);
void wefti_value_forget(struct weft_local_value *value);

/* The serial number of the last value that was made. */
uint64_t wefti_last_serial(void);

/* Ends the newest value of those up to that serial number; false: there is none. */
bool wefti_holder_end_newest(struct wefti_holder *holder, uint64_t serial);

/* The calling thread's, with room in its slots; WEFT_NO_MEMORY, WEFT_RUNTIME as above. */
weft_status wefti_locals_reserve(size_t size, struct wefti_locals **mine);

/* Gives the memory back if there is nothing in it. */
void wefti_locals_trim(struct wefti_self *self);

/* The calling thread leaves all contexts that it is in. */
void wefti_context_leave_all(void);

#endif
