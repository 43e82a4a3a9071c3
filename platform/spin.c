/* SPDX-License-Identifier: MIT */
/*
 * A wait that spinning has seen to its end doubles the budget, up to what a sleep costs; one that it
 * has not halves it. Below the least that makes sense there is no spinning, but for one try with the
 * whole budget now and then, which is how two threads that wake each other find out that both could
 * spin. Each such try that fails doubles the distance to the next: where threads crowd on too few
 * processors spinning ends, and costs nothing.
 */
#include "platform/spin.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/processor.h"

enum { LEAST = 1000, MOST = 50000 }; /* nanoseconds */
enum { FIRST_INTERVAL = 8, LAST_INTERVAL = 1024 };
enum { LOOKS = 8 };      /* between two looks at the clock */
enum { ALLOWED = 5000 }; /* nanoseconds for locks, until other work has made up for them */

/* How many threads spin at this moment. */
static int spinners;

/* How long to spin this time. */
static uint32_t plan(struct wefti_spinner *spinner)
{
    if (spinner->budget != 0)
        return spinner->budget;
    if (spinner->countdown != 0) {
        spinner->countdown--;
        return 0;
    }
    return MOST;
}

static void learn(struct wefti_spinner *spinner, bool paid)
{
    uint32_t budget = spinner->budget;
    if (paid) {
        spinner->budget = budget == 0 || budget > MOST / 2 ? MOST : 2 * budget;
        spinner->interval = FIRST_INTERVAL;
    } else if (budget / 2 >= LEAST) {
        spinner->budget = budget / 2;
    } else {
        if (budget == 0 && spinner->interval < LAST_INTERVAL)
            spinner->interval = spinner->interval == 0 ? FIRST_INTERVAL : 2 * spinner->interval;
        spinner->budget = 0;
        spinner->countdown = spinner->interval;
    }
}

static bool changes(const uint32_t *word, uint32_t value, int64_t until)
{
    do {
        for (int i = 0; i < LOOKS; i++) {
            /* Relaxed: the caller reads it again, in the order that it needs. */
            if (wefti_load(word, RELAXED) != value)
                return true;
            wefti_pause();
        }
    } while (wefti_clock() < until);
    return false;
}

bool wefti_spin_while(struct wefti_spinner *spinner, const uint32_t *word, uint32_t value,
                      int64_t deadline)
{
    int processors = wefti_processors();
    uint32_t budget = processors > 1 ? plan(spinner) : 0;
    if (budget == 0)
        return false;
    bool paid = false;
    /* Relaxed, both: only how many there are counts. */
    if (wefti_fetch_add(&spinners, 1, RELAXED) < processors) {
        int64_t until = wefti_clock() + budget;
        paid = changes(word, value, until < deadline ? until : deadline);
        learn(spinner, paid);
    }
    wefti_fetch_sub(&spinners, 1, RELAXED);
    return paid;
}

bool wefti_spin_allowed(struct wefti_allowance *allowance, int64_t now)
{
    int64_t worked = now - allowance->since;
    allowance->spent = worked < allowance->spent ? allowance->spent - worked : 0;
    allowance->since = now;
    return allowance->spent < ALLOWED;
}

void wefti_spin_ended(struct wefti_allowance *allowance, int64_t now)
{
    allowance->spent += now - allowance->since;
    allowance->since = now;
}

void wefti_spin_after_fork_child(void)
{
    wefti_store(&spinners, 0, RELAXED); /* there is no other thread */
}
