/* SPDX-License-Identifier: MIT */
/* A wait that an interruption ends before it has begun has not touched the state, and does not. */
// LINK: -Wl,--wrap=wefti_park
#include "test.h"

#include "primitives/park.h"

struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience);

/* As the room does when the interruption comes between the start of a wait and its validate. */
struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience)
{
    (void)key;
    (void)patience;
    return (struct wefti_parked){.outcome = WEFTI_INTERRUPTED};
}

TEST(an_interruption_before_the_wait_leaves_the_state_as_it_is)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK); /* no writer waits: it may */
    weft_rwlock before = lock;
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_INTERRUPTED);
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_INTERRUPTED);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}
