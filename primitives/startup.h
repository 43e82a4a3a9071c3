/* SPDX-License-Identifier: MIT */
/*
 * What happens when the library is loaded, at exit and around fork.
 */
#ifndef WEFTI_PRIMITIVES_STARTUP_H
#define WEFTI_PRIMITIVES_STARTUP_H

/* Once, before anything else in the library. */
void wefti_startup(void);

/*
 * What a layer above the primitives has to do then: before the fork it takes its locks, which come
 * before all others; at exit it goes before timers and threads.
 */
struct wefti_part {
    void (*before_fork)(void);
    void (*after_fork_parent)(void);
    void (*after_fork_child)(void);
    void (*at_exit)(void);
    struct wefti_part *next;
};

/* From a constructor of the layer's own, which runs after the first. */
void wefti_startup_add(struct wefti_part *part);

#endif
