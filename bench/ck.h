/* SPDX-License-Identifier: MIT */
/*
 * Concurrency Kit for C++, whose compilers reject its headers. None of it ever sleeps.
 */
#ifndef WEFT_BENCH_CK_H
#define WEFT_BENCH_CK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room for a spin lock, a lock of readers and writers, or a barrier; zeroed memory is a fresh one. */
struct bench_ck {
    unsigned words[2];
};

void bench_ck_lock(struct bench_ck *it);
void bench_ck_unlock(struct bench_ck *it);

void bench_ck_read(struct bench_ck *it);
void bench_ck_read_end(struct bench_ck *it);
void bench_ck_write(struct bench_ck *it);
void bench_ck_write_end(struct bench_ck *it);

/* Each thread has a state of its own, 0 at first. */
void bench_ck_wait(struct bench_ck *it, unsigned *state, unsigned parties);

struct bench_ck_item {
    uint64_t number;
    void *what;
};

/* A bounded ring for one producer and one consumer; `size` is a power of two. */
struct bench_ck_ring;
struct bench_ck_ring *bench_ck_ring_new(unsigned size);
void bench_ck_put(struct bench_ck_ring *ring, const struct bench_ck_item *item);
void bench_ck_get(struct bench_ck_ring *ring, struct bench_ck_item *item);

#ifdef __cplusplus
}
#endif

#endif
