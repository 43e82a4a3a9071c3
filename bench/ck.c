/* SPDX-License-Identifier: MIT */
#include "ck.h"

#include <ck_barrier.h>
#include <ck_ring.h>
#include <ck_rwlock.h>
#include <ck_spinlock.h>
#include <stdlib.h>

_Static_assert(sizeof(ck_spinlock_fas_t) <= sizeof(struct bench_ck), "room for a spin lock");
_Static_assert(sizeof(ck_rwlock_t) <= sizeof(struct bench_ck), "room for an rwlock");
_Static_assert(sizeof(ck_barrier_centralized_t) <= sizeof(struct bench_ck), "room for a barrier");

void bench_ck_lock(struct bench_ck *it)
{
    ck_spinlock_fas_lock((ck_spinlock_fas_t *)it);
}

void bench_ck_unlock(struct bench_ck *it)
{
    ck_spinlock_fas_unlock((ck_spinlock_fas_t *)it);
}

void bench_ck_read(struct bench_ck *it)
{
    ck_rwlock_read_lock((ck_rwlock_t *)it);
}

void bench_ck_read_end(struct bench_ck *it)
{
    ck_rwlock_read_unlock((ck_rwlock_t *)it);
}

void bench_ck_write(struct bench_ck *it)
{
    ck_rwlock_write_lock((ck_rwlock_t *)it);
}

void bench_ck_write_end(struct bench_ck *it)
{
    ck_rwlock_write_unlock((ck_rwlock_t *)it);
}

void bench_ck_wait(struct bench_ck *it, unsigned *state, unsigned parties)
{
    ck_barrier_centralized((ck_barrier_centralized_t *)it, (ck_barrier_centralized_state_t *)state,
                           parties);
}

CK_RING_PROTOTYPE(item, bench_ck_item)

struct bench_ck_ring {
    struct ck_ring ring;
    struct bench_ck_item items[];
};

struct bench_ck_ring *bench_ck_ring_new(unsigned size)
{
    struct bench_ck_ring *ring = calloc(1, sizeof *ring + size * sizeof ring->items[0]);
    if (ring == NULL)
        abort();
    ck_ring_init(&ring->ring, size);
    return ring;
}

void bench_ck_put(struct bench_ck_ring *ring, const struct bench_ck_item *item)
{
    while (!CK_RING_ENQUEUE_SPSC(item, &ring->ring, ring->items, (struct bench_ck_item *)item))
        ck_pr_stall();
}

void bench_ck_get(struct bench_ck_ring *ring, struct bench_ck_item *item)
{
    while (!CK_RING_DEQUEUE_SPSC(item, &ring->ring, ring->items, item))
        ck_pr_stall();
}
