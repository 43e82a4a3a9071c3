/* SPDX-License-Identifier: MIT */
/*
 * Who is to be told that a future is done: a ring of hooks in each future. Threads that wait for
 * several futures come first, callbacks and what is composed of the future follow in the order of
 * adding. All rings are guarded by one mutex, the hooks' lock, which is held for a few instructions
 * and never while a program's code runs. Who only asks for a result touches it only in a task that has
 * to wait.
 */
#ifndef WEFTI_POOL_HOOKS_H
#define WEFTI_POOL_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

struct weft_future;
struct wefti_group;

struct wefti_hook {
    struct wefti_hook *next;
    struct wefti_hook *previous; /* of the ring; NULL: it is in none */
    struct weft_future *future;
    struct wefti_group *group;             /* threads that wait; NULL: `call` */
    void (*call)(struct wefti_hook *hook); /* without locks; the hook may be freed in it */
};

/* Adds a hook, at the end; false: the future is done, and will not call it. */
bool wefti_hook_add(struct weft_future *future, struct wefti_hook *hook);

/* Takes a hook out; false: it was not in, and has been called or is about to be. */
bool wefti_hook_remove(struct wefti_hook *hook);

/* While it is locked: how many have been taken out so, and wait for their future no more. */
uint64_t wefti_hooks_losses(void);

/* Tells everybody, of a future that is done. */
void wefti_hooks_tell(struct weft_future *future);

/* The lock, for who adds several at once (group.c). */
void wefti_hooks_lock(void);
void wefti_hooks_unlock(void);

/* While it is locked: puts a hook at the head of its future's ring, takes one out of it. */
void wefti_hook_prepend(struct wefti_hook *hook);
void wefti_hook_unlink(struct wefti_hook *hook);

#endif
