/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=pthread_cond_signal
/* The end of a parker: its thread and its memory may be gone before the unpark returns. */
#include "test.h"

#include <pthread.h>
#include <sys/mman.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/parker.h"

static _Thread_local struct wefti_spinner spinner;

enum { LIVES = 1000 };

static struct wefti_parker *bequeathed; /* the present owner's */

/* Long, but not for ever: a lost unpark fails, and does not hang. */
static int64_t patience(void)
{
    return wefti_clock() + 20 * WEFTI_SECOND;
}

/* One of the parkers wakes with this: it is slow here, so that who can go before it does. */
int __real_pthread_cond_signal(pthread_cond_t *condition);
int __wrap_pthread_cond_signal(pthread_cond_t *condition);
int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    for (int i = 0; i < 3; i++)
        test_yield();
    return __real_pthread_cond_signal(condition);
}

static void *park_and_end(void *arg)
{
    struct wefti_parker parker;
    (void)arg;
    wefti_parker_init(&parker);
    wefti_parker_prepare(&parker);
    wefti_store(&bequeathed, &parker, RELEASE);
    WITNESS(wefti_parker_park(&parker, patience(), &spinner));
    return NULL;
}

/* The memory of the parker is gone as soon as the park is over. */
static void *park_and_unmap(void *arg)
{
    const size_t size = sizeof(struct wefti_parker);
    (void)arg;
    for (int life = 0; life < LIVES; life++) {
        struct wefti_parker *parker =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        WITNESS(parker != MAP_FAILED);
        wefti_parker_init(parker);
        wefti_parker_prepare(parker);
        wefti_store(&bequeathed, parker, RELEASE);
        if (life % 2) /* comes late to its park, amid the unpark */
            EVENTUALLY(wefti_load(&bequeathed, RELAXED) == NULL);
        WITNESS(wefti_parker_park(parker, patience(), &spinner));
        munmap(parker, size);
    }
    return NULL;
}

/* Unparks the owner of the next parker that is made known. */
static void unpark_next(void)
{
    struct wefti_parker *parker;
    EVENTUALLY((parker = wefti_exchange(&bequeathed, NULL, ACQUIRE)) != NULL);
    wefti_parker_unpark(parker);
}

TEST(the_unparked_may_end_at_once)
{
    for (int life = 0; life < LIVES; life++) {
        struct crew crew = crew_start(1, park_and_end, NULL);
        unpark_next();
        crew_join(&crew);
    }
}

TEST(the_parker_may_vanish_at_once)
{
    struct crew crew = crew_start(1, park_and_unmap, NULL);
    for (int life = 0; life < LIVES; life++)
        unpark_next();
    crew_join(&crew);
}
