/* SPDX-License-Identifier: MIT */
/*
 * Calls of the program's for a value (destructors, copies): who destroys the Local waits for them.
 *
 * A Local's state is the number of these calls, in units of WEFTI_CALL, and two bits, guarded by
 * the mutex of value.h. A fork's child forgets the calls of other threads: the state is that of a
 * process.
 *
 *   bit     set                         cleared
 *   ENDING  by who destroys the Local   by the same, when it has ended or a destructor ends
 *                                       its thread; in a child that the thread is not in
 *   WAITED  by the same, to wait        by the last call that ends
 *
 * No wake-up is lost: who waits does not sleep if, under the bucket's lock, it finds no call left;
 * a call that ends says so before it looks for who waits.
 */
#ifndef WEFTI_LOCAL_CALLS_H
#define WEFTI_LOCAL_CALLS_H

#include <stdbool.h>

#include <weft/local.h>

enum { WEFTI_LOCAL_ENDING = 1, WEFTI_LOCAL_WAITED = 2, WEFTI_CALL = 4 };

/* One that runs; on its thread's stack. */
struct wefti_local_call {
    weft_local *local;
    struct wefti_local_call *outer;
    bool ends; /* no call: the thread destroys the Local */
};

/* However the scope is left that has begun it, it ends. */
#define WEFTI_LOCAL_CALL(name)                                                                     \
    struct wefti_local_call name __attribute__((cleanup(wefti_local_call_end))) = {0}

/* The same for who destroys a Local. */
#define WEFTI_LOCAL_END(name)                                                                      \
    struct wefti_local_call name __attribute__((cleanup(wefti_local_end_given_up))) = {0}

/* With the mutex held. */
void wefti_local_call_begin(struct wefti_local_call *call, weft_local *local);

/* Without it. */
void wefti_local_call_end(struct wefti_local_call *call);

/* With the mutex held: the thread destroys the Local, and has done so. */
void wefti_local_end_begin(struct wefti_local_call *end, weft_local *local);
void wefti_local_end_end(struct wefti_local_call *end);

/* Without it: the thread ends before it has. */
void wefti_local_end_given_up(struct wefti_local_call *end);

/* With the mutex held, which it gives up: frees that memory, and destroys what a Local had. */
void wefti_local_destruct(weft_local *local, void *what, void *memory);

/* The same without the mutex, if there is something to destroy. */
void wefti_local_discard(weft_local *local, void *what);

/* With the mutex held: the state, in this process. */
uint32_t wefti_local_state(weft_local *local);

/* With the mutex held: whether a call for it runs in the calling thread. */
bool wefti_local_called(const weft_local *local);

/* With the mutex held, which it gives up meanwhile: waits until no call for it runs. */
void wefti_local_await_calls(weft_local *local);

/* In the child of a fork. */
void wefti_local_calls_after_fork_child(void);

#endif
