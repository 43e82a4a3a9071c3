/* SPDX-License-Identifier: MIT */
/*
 * A wait that spinning has seen to its end doubles the budget, up to what a sleep costs; one that it
 * has not halves it. Below the least that makes sense there is no spinning, but for one try with the
 * whole budget now and then, which is how two threads that wake each other find out that both could
 * spin. Each such try that fails doubles the distance to the next: where threads crowd on too few
 * processors spinning ends, and costs nothing.
 *
 * A crowd is threads that wait for each other and are more than the processors, so that some of them
 * share one. Who spins there keeps those from running whom it waits for; it yields instead, again and
 * again. As long as each has little to do before it waits too, that costs less than to sleep and to be
 * woken. What it has paid is learnt in the same way.
 */
#include "platform/spin.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/processor.h"

enum { LEAST = 1000, MOST = 50000 }; /* nanoseconds */
enum { FIRST_INTERVAL = 8, LAST_INTERVAL = 1024 };
enum { LOOKS = 8 };        /* between two looks at the clock */
enum { ALLOWED = 5000 };   /* nanoseconds for locks, until other work has made up for them */
enum { WORK_FOR_ONE = 4 }; /* nanoseconds of it for one of these */

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

enum { OTHERS_MOST = 8 }; /* that are given time */
enum { A_SLEEP = 5000 };  /* nanoseconds that it puts a wait off */

/*
 * Who yields may get the processor back late. As many waits without it follow as could have slept in
 * that time: where somebody always runs for long, the mean wait is late by one sleep.
 */
static void learn_late(struct wefti_spinner *spinner, int64_t late)
{
    int64_t waits = late / A_SLEEP;
    if (waits <= spinner->countdown)
        return;
    spinner->budget = 0;
    spinner->countdown = waits < LAST_INTERVAL ? (uint32_t)waits : LAST_INTERVAL;
}

/* Each of the others has the time that a spinning thread would have. */
static bool yield_while(struct wefti_spinner *spinner, const uint32_t *word, uint32_t value,
                        int64_t deadline)
{
    if (spinner->interval == 0) /* it has learnt nothing; who waits in a crowd only once sleeps */
        spinner->interval = spinner->countdown = FIRST_INTERVAL;
    int64_t budget = plan(spinner);
    if (budget == 0)
        return false;
    uint32_t others = spinner->crowd - 1;
    int64_t now = wefti_clock();
    int64_t until = now + budget * (others < OTHERS_MOST ? others : OTHERS_MOST);
    bool changed;
    do {
        wefti_yield();
        changed = wefti_load(word, RELAXED) != value; /* as above */
        now = wefti_clock();
    } while (!changed && now < until && now < deadline);
    learn(spinner, changed && now < until);
    if (now > until)
        learn_late(spinner, now - until);
    return changed;
}

bool wefti_spin_while(struct wefti_spinner *spinner, const uint32_t *word, uint32_t value,
                      int64_t deadline)
{
    if (spinner->crowd > 1)
        return yield_while(spinner, word, value, deadline);
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
    int64_t worked = (now - allowance->since) / WORK_FOR_ONE;
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
