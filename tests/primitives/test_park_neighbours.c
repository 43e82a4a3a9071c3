/* SPDX-License-Identifier: MIT */
/* Who looks into the waiting room finds those of one key, also where others share its bucket. */
#include "park_help.h"

#include "primitives/park_room.h"

enum { PLACES = 4096 };

static char places[PLACES];

static const struct wefti_bucket *bucket_of(struct wefti_key key)
{
    struct wefti_bucket *bucket = wefti_bucket_lock(key);
    wefti_mutex_unlock(&bucket->mutex);
    return bucket;
}

/* The next place whose key is in the bucket of the first. */
static struct wefti_key next_neighbour(size_t *place)
{
    const struct wefti_key first = {places, WEFTI_LOCK};
    struct wefti_key key = first;
    do
        key.address = &places[++*place];
    while (bucket_of(key) != bucket_of(first));
    return key;
}

static bool behind(struct wefti_key key, const struct sleeper *one, const struct sleeper *other,
                   bool comes)
{
    return wefti_stands_behind(key, one->self, other->self, comes);
}

TEST(neighbours_are_told_apart)
{
    struct sleeper at_home[2];
    struct sleeper next_door[2];
    size_t place = 0;
    const struct wefti_key home = {places, WEFTI_LOCK};
    const struct wefti_key other = next_neighbour(&place);
    const struct wefti_key empty = next_neighbour(&place);
    for (size_t i = 0; i < 2; i++) { /* in turns, so that each stands among the others' */
        sleepers_enter(&next_door[i], 1, other);
        sleepers_enter(&at_home[i], 1, home);
    }
    assert_int_equal(wefti_waiters(home), 2);
    assert_int_equal(wefti_waiters(other), 2);
    assert_int_equal(wefti_waiters(empty), 0);

    assert_true(behind(home, &at_home[1], &at_home[0], false));
    assert_false(behind(home, &at_home[0], &at_home[1], false));
    assert_false(behind(home, &at_home[1], &next_door[0], false));
    assert_false(behind(home, &next_door[1], &at_home[0], false));
    assert_true(behind(home, &next_door[1], &at_home[0], true)); /* it comes, and will be last */
    assert_false(behind(home, &at_home[1], &next_door[0], true));
    assert_false(behind(empty, &at_home[1], &at_home[0], true));

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wefti_unpark(home, &(struct wefti_unparking){.limit = 1}), 1);
        assert_home(&at_home[i], WEFTI_UNPARKED, 0);
    }
    assert_int_equal(wefti_waiters(other), 2);
    assert_int_equal(wefti_unpark(other, &(struct wefti_unparking){0}), 2);
    for (size_t i = 0; i < 2; i++)
        assert_home(&next_door[i], WEFTI_UNPARKED, 0);
}

static void count_look(void *arg)
{
    ++*(int *)arg;
}

TEST(only_what_is_waited_for_is_looked_at)
{
    struct sleeper sleeper;
    struct sleeper neighbour;
    size_t place = 0;
    int looks = 0;
    const struct wefti_key home = {places, WEFTI_LOCK};
    const struct wefti_key other = next_neighbour(&place);
    assert_false(wefti_if_waited(home, count_look, &looks));
    sleepers_enter(&neighbour, 1, other);
    assert_false(wefti_if_waited(home, count_look, &looks));
    assert_int_equal(looks, 0);
    sleepers_enter(&sleeper, 1, home);
    assert_true(wefti_if_waited(home, count_look, &looks));
    assert_int_equal(looks, 1);
    assert_int_equal(wefti_unpark(home, &(struct wefti_unparking){0}), 1);
    assert_int_equal(wefti_unpark(other, &(struct wefti_unparking){0}), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 0);
    assert_home(&neighbour, WEFTI_UNPARKED, 0);
    assert_false(wefti_if_waited(home, count_look, &looks));
}
