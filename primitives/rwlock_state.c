/* SPDX-License-Identifier: MIT */
/*
 * The state counts readers in units of READER and has three bits:
 *
 *   WRITER     a thread writes; its number is in `writer`
 *   WAITED     the room may have threads that wait
 *   UPGRADING  one of the readers waits to be the only one
 *
 *   WRITER  readers  WAITED  UPGRADING   means
 *   0       0        0       0           free
 *   0       n        0       0           n read, and more may come
 *   0       n        1       0           n read; a writer waits, and holds back whoever comes
 *   0       n        any     1           n read, and one of them waits for the others to leave
 *   1       0        0       0           one writes
 *   1       0        1       0           one writes, others wait
 *
 *   from                to                       by                        in
 *   0                   1 reader                 who comes to read         wefti_rwlock_take_first
 *   no bit set          a reader more            who comes to read         wefti_rwlock_take_read
 *   0                   WRITER                   who comes to write        wefti_rwlock_take_write
 *   1 reader            WRITER                   who reads                 replace_reader
 *   what shuts one out  the same | WAITED        who is going to wait      announce, in the room
 *   n > 1 readers       the same | UPGRADING     who is going to upgrade   announce, in the room
 *   a reader            a reader less            who leaves, none waits    weft_rwlock_release_read,
 *                                                                          stop_reading
 *   WRITER              0, 1 reader              who leaves, none waits    stop_writing
 *   anything | WAITED   as a pass finds it       who leaves or gives up    finish_pass, in the room
 *
 * While WAITED is set the state changes only under the bucket's lock. So a pass, which decides who of
 * the queue comes in, decides on a state that stays as it is.
 *
 * No wake-up is lost: a thread parks only if WAITED is set, beside somebody who holds the lock. Whoever
 * leaves such a state makes a pass that lets in all who may come in, and WAITED outlives it only if a
 * holder does. A waiting writer that gives up has held readers back, so it makes a pass of its own;
 * until it does, others may still find it in the queue, but they cannot claim it.
 *
 * Nobody who waits is woken to try again: a pass lets them in, and what they hold is in the state
 * before they run.
 */
#include "primitives/rwlock_state.h"

#include "platform/processor.h"
#include "primitives/park.h"

enum {
    WRITER = WEFTI_WRITER,
    WAITED = WEFTI_RW_WAITED,
    UPGRADING = WEFTI_UPGRADING,
    READER = WEFTI_READER
};

/* Pauses between two yields, and at most between two looks; yields. */
enum { SPINS = 20, PAUSES_MOST = 8, YIELDS = 3 };

/* Pauses in which a lock is left to another thread; pauses after which a look is an early one. */
enum { BACKOFF = 64, EARLY = 2 };

static struct wefti_key key_of(const weft_rwlock *lock)
{
    return (struct wefti_key){lock, WEFTI_RWLOCK};
}

/* ---- reading without waiting ---------------------------------------------------------------- */

/*
 * Who finds that another thread has come between uses the lock in the same nanoseconds as that one.
 * By turns, both would spend their time on moving its cache line to and fro: so the loser leaves it to
 * the other for a microsecond or two, in which that one is done with hundreds of visits.
 */
weft_status wefti_rwlock_take_read(weft_rwlock *lock)
{
    uint32_t state = wefti_load(&lock->state, RELAXED);
    while ((state & (WRITER | WAITED | UPGRADING)) == 0) {
        if (wefti_readers(state) == WEFT_RWLOCK_READERS_MOST)
            return WEFT_OVERFLOW;
        /* Acquire: as in wefti_rwlock_take_first. */
        if (wefti_cas(&lock->state, &state, state + READER, ACQUIRE))
            return WEFT_OK;
        wefti_pause_for(BACKOFF);
        state = wefti_load(&lock->state, RELAXED);
    }
    return WEFT_TIMEOUT;
}

/* ---- letting in ---------------------------------------------------------------------------- */

/* One look at all who wait. */
struct pass {
    weft_rwlock *lock;
    uint32_t leaving;   /* what the caller gives up of the state */
    uint32_t staying;   /* what it keeps instead */
    bool readers_first; /* writers are passed over */
    uint32_t let_in;    /* what has been let in, as it counts in the state */
    bool again;         /* nobody came in and the caller still holds the lock: others may */
    weft_status status;
};

/* The state as it would be without the caller and with those let in so far, and without WAITED. */
static uint32_t outlook(const struct pass *pass, uint32_t state)
{
    return (state & ~(uint32_t)WAITED) - pass->leaving + pass->staying + pass->let_in;
}

/*
 * Whether the caller's part is as it thinks: a reader that upgrades is still the only one; there is a
 * reader to leave (of two that leave at once one may be in error).
 */
static bool still_so(const struct pass *pass, uint32_t state)
{
    if (pass->staying == WRITER)
        return (state & ~(uint32_t)WAITED) == READER;
    return pass->leaving != READER || wefti_readers(state) > 0;
}

/*
 * In the order in which they came: readers until a writer, or a writer. Who has been let in counts in
 * the outlook, and whoever stands behind is judged by that.
 */
static enum wefti_verdict choose_waiter(uintptr_t request, void *arg)
{
    const struct pass *pass = arg;
    uint32_t state = wefti_load(&pass->lock->state, RELAXED);
    uint32_t then = outlook(pass, state);
    bool fits = false;
    if (!still_so(pass, state))
        return WEFTI_STOP;
    if (request == WEFTI_READ)
        fits = (then & (WRITER | UPGRADING)) == 0 && wefti_readers(then) < WEFT_RWLOCK_READERS_MOST;
    else if (request == WEFTI_WRITE)
        fits = then == 0 && !pass->readers_first;
    else
        fits = then == (READER | UPGRADING);
    if (fits)
        return WEFTI_TAKE;
    return pass->readers_first ? WEFTI_SKIP : WEFTI_STOP;
}

static uintptr_t take_waiter(uintptr_t request, int64_t since, void *arg)
{
    struct pass *pass = arg;
    (void)since;
    if (request == WEFTI_READ)
        pass->let_in += READER;
    else if (request == WEFTI_WRITE)
        pass->let_in += WRITER;
    else /* the upgrader reads no more */
        pass->let_in += (uint32_t)WRITER - READER - UPGRADING;
    return 0;
}

static void finish_pass(size_t taken, bool more, void *arg)
{
    struct pass *pass = arg;
    uint32_t state = wefti_load(&pass->lock->state, RELAXED);
    uint32_t next;
    do {
        if (!still_so(pass, state)) {
            pass->status = pass->staying == WRITER ? WEFT_TIMEOUT : WEFT_NOT_LOCKED;
            return;
        }
        next = outlook(pass, state);
        pass->again = next == 0 && more && taken == 0 && pass->readers_first;
        if (pass->again)
            return;
        /* If the lock comes free, those who are left have given up: others have been let in. */
        if (more && next != 0)
            next |= WAITED;
        /* Acquire and release: passes on to those who come in what all that left before have done. */
    } while (!wefti_cas(&pass->lock->state, &state, next, ACQ_REL));
}

static weft_status pass_once(struct pass *pass)
{
    const struct wefti_unparking how = {
        .arg = pass, .choose = choose_waiter, .take = take_waiter, .finish = finish_pass};
    wefti_unpark(key_of(pass->lock), &how);
    return pass->status;
}

weft_status wefti_rwlock_leave(weft_rwlock *lock, uint32_t leaving, uint32_t staying)
{
    struct pass pass = {
        .lock = lock, .leaving = leaving, .staying = staying, .readers_first = leaving == WRITER};
    (void)pass_once(&pass);
    if (pass.again) { /* no reader has waited: now whoever is first */
        pass.readers_first = false;
        (void)pass_once(&pass);
    }
    return pass.status;
}

/* ---- upgrading without waiting -------------------------------------------------------------- */

/* The only reader becomes the writer; if others wait, in the room, where a pass may be at work. */
static weft_status replace_reader(weft_rwlock *lock, uint32_t state)
{
    struct pass pass = {.lock = lock, .leaving = READER, .staying = WRITER};
    if ((state & WAITED) != 0)
        return pass_once(&pass);
    /* Acquire: pairs with the release of the readers that have left. */
    return wefti_cas(&lock->state, &state, WRITER, ACQUIRE) ? WEFT_OK : WEFT_TIMEOUT;
}

weft_status wefti_rwlock_take_upgrade(weft_rwlock *lock)
{
    for (;;) {
        uint32_t state = wefti_load(&lock->state, RELAXED);
        if (wefti_readers(state) == 0)
            return WEFT_NOT_LOCKED;
        if ((state & UPGRADING) != 0)
            return WEFT_DEADLOCK;
        if (wefti_readers(state) > 1)
            return WEFT_TIMEOUT;
        if (replace_reader(lock, state) == WEFT_OK)
            return WEFT_OK;
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct arrival {
    weft_rwlock *lock;
    enum wefti_side side;
    uint32_t
        mark; /* what announce has put into the state; 0: nothing, an interruption came first */
};

static bool shut_out(uint32_t state, enum wefti_side side)
{
    if (side == WEFTI_READ)
        return (state & (WRITER | WAITED | UPGRADING)) != 0;
    if (side == WEFTI_WRITE)
        return state != 0;
    return wefti_readers(state) > 1 && (state & UPGRADING) == 0;
}

static bool announce(void *arg)
{
    struct arrival *arrival = arg;
    uint32_t mark = arrival->side == WEFTI_UPGRADE ? WAITED | UPGRADING : WAITED;
    uint32_t state = wefti_load(&arrival->lock->state, RELAXED);
    do
        if (!shut_out(state, arrival->side))
            return false;
    while ((state & mark) != mark &&
           !wefti_cas(&arrival->lock->state, &state, state | mark, RELAXED));
    arrival->mark = mark;
    return true;
}

/*
 * Looks a few times whether the lock has come free: true if that is settled in `status`, or if others
 * wait already. Who looks does not wait yet, and comes in under the same rule as who arrives. A lock that
 * was free at an early look is used for some nanoseconds at a time: see wefti_rwlock_take_read.
 */
static bool look(weft_rwlock *lock, enum wefti_side side, weft_status *status)
{
    for (int pauses = 1, left = SPINS; left > 0; left -= pauses) {
        wefti_pause_for(pauses);
        uint32_t state = wefti_load(&lock->state, RELAXED);
        if (!shut_out(state, side)) {
            if (pauses <= EARLY)
                wefti_pause_for(BACKOFF);
            *status = wefti_rwlock_take(lock, side);
            if (*status != WEFT_TIMEOUT)
                return true;
        }
        if ((state & WAITED) != 0)
            return true;
        if (pauses < PAUSES_MOST)
            pauses *= 2;
    }
    return false;
}

/*
 * Waits a little for a lock that is about to be released. Who holds it may be ready to run and have no
 * processor, as those have who were let in while they slept: it gets this one before the caller queues
 * up, for that would hold back whoever comes meanwhile, and each phase would be a sleep for all.
 */
static weft_status spin(weft_rwlock *lock, enum wefti_side side)
{
    weft_status status = WEFT_TIMEOUT;
    if (wefti_processors() == 1)
        return status;
    for (int yields = YIELDS; !look(lock, side, &status) && yields > 0; yields--)
        wefti_yield();
    return status;
}

/* Whoever was held back by one that does not wait any more may come in. */
static void give_up(const struct arrival *arrival)
{
    struct pass pass = {.lock = arrival->lock, .leaving = arrival->mark & UPGRADING};
    if (arrival->side != WEFTI_READ)
        (void)pass_once(&pass);
}

weft_status wefti_rwlock_wait(weft_rwlock *lock, enum wefti_side side, int64_t deadline, bool firm)
{
    struct arrival arrival = {lock, side, 0};
    const struct wefti_patience patience = {.deadline = deadline,
                                            .firm = firm,
                                            .validate = announce,
                                            .arg = &arrival,
                                            .request = (uintptr_t)side,
                                            .front = side == WEFTI_UPGRADE};
    weft_status status = spin(lock, side);
    while (status == WEFT_TIMEOUT) {
        struct wefti_parked parked = wefti_park(key_of(lock), &patience);
        if (parked.outcome == WEFTI_UNPARKED)
            return WEFT_OK;
        if (parked.outcome != WEFTI_INVALID) {
            give_up(&arrival);
            return parked.outcome == WEFTI_TIMED_OUT ? WEFT_TIMEOUT : WEFT_INTERRUPTED;
        }
        status = wefti_rwlock_take(lock, side);
    }
    return status;
}
