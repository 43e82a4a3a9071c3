/* SPDX-License-Identifier: MIT */
/* The waiting room: in, out, in which order, and what others can see of it. */
#include "park_help.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cancel.h"

static char place[4];
static const struct wefti_key key = {&place[0], WEFTI_LOCK};

static bool count_and_say_no(void *arg)
{
    ++*(int *)arg;
    return false;
}

TEST(a_wait_that_makes_no_sense_does_not_begin)
{
    int asked = 0;
    uint64_t parks = weft_park_count();
    const struct wefti_patience patience = {.validate = count_and_say_no, .arg = &asked};
    struct wefti_parked parked = wefti_park(key, &patience);
    assert_int_equal(parked.outcome, WEFTI_INVALID);
    assert_int_equal(parked.index, 0);
    assert_int_equal(asked, 1);
    assert_int_equal(wefti_waiters(key), 0);
    assert_true(weft_park_count() == parks);
    assert_int_equal(unpark(key, 0, 1), 0);
}

TEST(an_unpark_hands_over_its_token)
{
    struct sleeper sleeper = {.key = key};
    sleeper_enters(&sleeper);
    assert_int_equal(unpark(key, 1, UINTPTR_MAX), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, UINTPTR_MAX);
    assert_int_equal(wefti_waiters(key), 0);
}

TEST(an_unpark_without_callbacks_takes_all_with_token_0)
{
    struct sleeper sleepers[3];
    sleepers_enter(sleepers, 3, key);
    assert_int_equal(wefti_unpark(key, &(struct wefti_unparking){0}), 3);
    for (size_t i = 0; i < 3; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, 0);
}

TEST(waiters_leave_in_the_order_they_came)
{
    enum { SLEEPERS = 6 };
    struct sleeper sleepers[SLEEPERS];
    sleepers_enter(sleepers, SLEEPERS, key);
    for (size_t i = 0; i < SLEEPERS; i++) {
        assert_int_equal(wefti_waiters(key), SLEEPERS - i);
        assert_int_equal(unpark(key, 1, 100 + i), 1);
    }
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, 100 + i);
    assert_int_equal(unpark(key, 1, 200), 0);
}

TEST(an_unpark_takes_as_many_as_it_may)
{
    enum { SLEEPERS = 7 };
    static const uintptr_t tokens[SLEEPERS] = {10, 10, 20, 20, 20, 30, 30};
    struct sleeper sleepers[SLEEPERS];
    sleepers_enter(sleepers, SLEEPERS, key);
    assert_int_equal(unpark(key, 2, 10), 2);
    assert_int_equal(unpark(key, 3, 20), 3);
    assert_int_equal(unpark(key, 5, 30), 2);
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, tokens[i]);
}

TEST(another_kind_at_the_same_address_is_another_queue)
{
    const struct wefti_key other = {key.address, WEFTI_SLEEP};
    struct sleeper here = {.key = key};
    struct sleeper there = {.key = other};
    sleeper_enters(&here);
    assert_int_equal(wefti_waiters(other), 0);
    assert_int_equal(unpark(other, 0, 1), 0);
    sleeper_enters(&there);
    assert_int_equal(unpark(other, 0, 2), 1);
    assert_home(&there, WEFTI_UNPARKED, 2);
    assert_int_equal(wefti_waiters(key), 1);
    assert_int_equal(unpark(key, 0, 3), 1);
    assert_home(&here, WEFTI_UNPARKED, 3);
}

TEST(keys_that_share_a_bucket_do_not_disturb_each_other)
{
    /* Some 2000 entries in 256 buckets; as many addresses where nobody waits lie between them. */
    enum { SLEEPERS = 10, EACH = 200, KEYS = SLEEPERS * EACH };
    static char places[2 * KEYS];
    static struct wefti_key keys[KEYS];
    struct sleeper sleepers[SLEEPERS];
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = (struct wefti_key){&places[2 * i], WEFTI_LOCK};
    for (size_t i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){.keys = &keys[i * EACH], .count = EACH};
        sleeper_enters(&sleepers[i]);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(wefti_waiters(keys[i]), 1);
        assert_int_equal(unpark((struct wefti_key){&places[2 * i + 1], WEFTI_LOCK}, 0, 1), 0);
    }
    for (size_t i = 0; i < SLEEPERS; i++) {
        size_t index = (i * 37) % EACH;
        assert_int_equal(unpark(keys[i * EACH + index], 1, i), 1);
        struct wefti_parked parked = sleeper_home(&sleepers[i]);
        assert_int_equal(parked.outcome, WEFTI_UNPARKED);
        assert_int_equal(parked.index, index);
        assert_int_equal(parked.token, i);
        for (size_t j = 0; j < KEYS; j++)
            assert_int_equal(wefti_waiters(keys[j]), j < (i + 1) * EACH ? 0 : 1);
    }
}

static uintptr_t count_and_give(uintptr_t request, int64_t since, void *arg)
{
    (void)since;
    ++*(size_t *)arg;
    return request;
}

TEST(all_keys_of_a_kind_can_be_unparked_at_once)
{
    enum { SLEEPERS = 24, OTHERS = 3 };
    static char places[SLEEPERS + OTHERS];
    struct sleeper sleepers[SLEEPERS + OTHERS];
    size_t taken = 0;
    for (size_t i = 0; i < SLEEPERS + OTHERS; i++) {
        enum wefti_kind kind = i < SLEEPERS ? WEFTI_EVENT : WEFTI_LOCK;
        sleepers_enter(&sleepers[i], 1, (struct wefti_key){&places[i % SLEEPERS], kind});
    }
    const struct wefti_unparking all = {.take = count_and_give, .arg = &taken};
    wefti_unpark_kind(WEFTI_EVENT, &all);
    assert_int_equal(taken, SLEEPERS);
    for (size_t i = 0; i < SLEEPERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, 1);
    wefti_unpark_kind(WEFTI_LOCK, &all);
    assert_int_equal(taken, SLEEPERS + OTHERS);
    for (size_t i = SLEEPERS; i < SLEEPERS + OTHERS; i++)
        assert_home(&sleepers[i], WEFTI_UNPARKED, 1);
}

TEST(a_waiter_can_be_seen)
{
    struct wefti_key seen;
    int64_t since;
    struct sleeper sleeper = {.key = key};
    int64_t before = wefti_clock();
    sleeper_enters(&sleeper);
    assert_true(wefti_waits(sleeper.self, &seen, &since));
    assert_ptr_equal(seen.address, key.address);
    assert_int_equal(seen.kind, key.kind);
    assert_true(since >= before && since <= wefti_clock());
    assert_false(wefti_waits(wefti_self(), &seen, &since));
    assert_int_equal(unpark(key, 1, 0), 1);
    /* Taken is over, though the thread may not run yet; its handle keeps it in the registry. */
    assert_int_equal(wefti_waiters(key), 0);
    assert_home(&sleeper, WEFTI_UNPARKED, 0);
}

TEST(every_wait_is_counted)
{
    uint64_t parks = weft_park_count();
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
    assert_true(weft_park_count() == parks + 1);
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
    assert_true(weft_park_count() == parks + 2);
    assert_int_equal(unpark(key, 0, 0), 0);
    assert_true(weft_park_count() == parks + 2);
}

static void *park_then_die(void *arg)
{
    struct sleeper *sleeper = arg;
    sleeper_sleeps(sleeper);
    test_cancel_here();
    sleeper->parked.outcome = WEFTI_INVALID; /* not reached */
    return NULL;
}

TEST(a_parked_thread_is_not_cancelled)
{
    pthread_t thread;
    void *value;
    struct sleeper sleeper = {.key = key};
    assert_int_equal(pthread_create(&thread, NULL, park_then_die, &sleeper), 0);
    EVENTUALLY(wefti_waiters(key) == 1);
    assert_int_equal(pthread_cancel(thread), 0);
    assert_int_equal(unpark(key, 1, 5), 1);
    assert_int_equal(pthread_join(thread, &value), 0);
    assert_ptr_equal(value, PTHREAD_CANCELED);
    assert_int_equal(sleeper.parked.outcome, WEFTI_UNPARKED);
    assert_int_equal(sleeper.parked.token, 5);
}

/* An allocator that has nothing to give. */
static void *refuse(size_t size, void *context)
{
    (void)size;
    wefti_fetch_add((int *)context, 1, RELAXED);
    return NULL;
}

static void take_back(void *memory, void *context)
{
    (void)memory;
    (void)context;
}

TEST(nothing_is_allocated)
{
    int calls = 0;
    pthread_t thread;
    const struct wefti_key other = {&place[1], WEFTI_LOCK};
    struct sleeper sleeper = {.key = key};
    const weft_allocator poor = {refuse, take_back, &calls};
    assert_int_equal(weft_set_allocator(&poor), WEFT_OK);
    assert_int_equal(pthread_create(&thread, NULL, sleeper_sleeps, &sleeper), 0);
    EVENTUALLY(wefti_waiters(key) == 1);
    assert_int_equal(look_in(key), WEFTI_TIMED_OUT);
    assert_int_equal(wefti_move(key, other, 0, 0, NULL, NULL), 1);
    interrupt(sleeper.self);
    assert_int_equal(unpark(other, 0, 9), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sleeper.parked.token, 9);
    assert_int_equal(calls, 0);
}

/* ---- memory of the object ------------------------------------------------------------------- */

static void *page(void)
{
    void *memory = mmap(NULL, (size_t)getpagesize(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    return memory;
}

static void unmap(size_t taken, bool more, void *arg)
{
    (void)taken;
    (void)more;
    munmap(arg, (size_t)getpagesize());
}

TEST(the_object_is_not_touched_after_finish)
{
    for (int round = 0; round < 50; round++) {
        struct sleeper sleepers[3];
        void *object = page();
        const struct wefti_key there = {object, WEFTI_LOCK};
        sleepers_enter(sleepers, 3, there);
        const struct wefti_unparking all = {.finish = unmap, .arg = object};
        assert_int_equal(wefti_unpark(there, &all), 3);
        for (size_t i = 0; i < 3; i++)
            assert_home(&sleepers[i], WEFTI_UNPARKED, 0);
    }
}

TEST(a_moved_waiters_old_object_is_not_touched)
{
    for (int round = 0; round < 50; round++) {
        struct sleeper sleeper;
        void *object = page();
        sleepers_enter(&sleeper, 1, (struct wefti_key){object, WEFTI_LOCK});
        assert_int_equal(wefti_move(sleeper.key, key, 0, 0, unmap, object), 1);
        assert_int_equal(unpark(key, 1, 1), 1);
        assert_home(&sleeper, WEFTI_UNPARKED, 1);
    }
}
