/* SPDX-License-Identifier: MIT */
/*
 * Barrier: its meetings. Actions that fail, what counts while an action runs, who gives up, a fork,
 * and the end of the object.
 */
#include "interrupt.h"
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives/park.h"

enum { N = 3 };

struct fixture {
    weft_barrier barrier;
    double seconds;
    weft_event running; /* the action is */
    weft_event go_on;   /* it may end */
    bool fails;
    atomic_int actions;
    atomic_int ok;
    atomic_int broken;
    atomic_int failed;
    atomic_int interrupted;
};

static void *come(void *arg)
{
    struct fixture *f = arg;
    switch (weft_barrier_wait_for(&f->barrier, NULL, f->seconds)) {
    case WEFT_OK:
        atomic_fetch_add(&f->ok, 1);
        break;
    case WEFT_BROKEN_BARRIER:
        atomic_fetch_add(&f->broken, 1);
        break;
    case WEFT_FAILED:
        atomic_fetch_add(&f->failed, 1);
        break;
    case WEFT_INTERRUPTED:
        atomic_fetch_add(&f->interrupted, 1);
        break;
    default:
        WITNESS(false);
    }
    return NULL;
}

/* An action that tells when it runs, and waits until it may go on. */
static void *act(void *arg)
{
    struct fixture *f = arg;
    atomic_fetch_add(&f->actions, 1);
    WITNESS(atomic_load(&f->ok) == 0);
    WITNESS(weft_event_set(&f->running) == WEFT_OK);
    WITNESS(weft_event_wait(&f->go_on) == WEFT_OK);
    return f->fails ? WEFT_RAISED : NULL;
}

static void begin(struct fixture *f, double seconds)
{
    *f = (struct fixture){.seconds = seconds};
    assert_int_equal(weft_barrier_init(&f->barrier, N, .action = act, .arg = f), WEFT_OK);
}

/* Starts a meeting of N; returns while its action runs. */
static struct crew meet(struct fixture *f)
{
    struct crew crew = crew_start(N, come, f);
    assert_int_equal(weft_event_wait(&f->running), WEFT_OK);
    assert_int_equal(weft_barrier_n_waiting(&f->barrier), N);
    assert_int_equal(atomic_load(&f->ok), 0);
    return crew;
}

static void end(struct fixture *f, struct crew *crew)
{
    assert_int_equal(weft_event_set(&f->go_on), WEFT_OK);
    crew_join(crew);
    assert_int_equal(weft_barrier_n_waiting(&f->barrier), 0);
}

TEST(nobody_leaves_before_the_action_has_ended)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    assert_int_equal(weft_barrier_done(&f.barrier), WEFT_BUSY);
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_int_equal(atomic_load(&f.actions), 1);
    assert_int_equal(weft_barrier_done(&f.barrier), WEFT_OK);
}

TEST(an_action_that_fails_breaks_the_barrier)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    f.fails = true;
    struct crew crew = meet(&f);
    assert_false(weft_barrier_broken(&f.barrier));
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.failed), 1);
    assert_int_equal(atomic_load(&f.broken), N - 1);
    assert_true(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_wait(&f.barrier, NULL), WEFT_BROKEN_BARRIER);

    f.fails = false;
    assert_int_equal(weft_barrier_reset(&f.barrier), WEFT_OK);
    crew = crew_start(N, come, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.ok), N);
}

static void *end_the_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

TEST(an_action_that_ends_its_thread_breaks_the_barrier)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    assert_int_equal(weft_barrier_init(&f.barrier, N, .action = end_the_thread), WEFT_OK);
    struct crew crew = crew_start(N, come, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.broken), N - 1);
    assert_true(weft_barrier_broken(&f.barrier));
}

/* Whether N threads with so much patience meet: on a busy machine they come later. */
static bool they_meet_within(struct fixture *f, struct crew *crew, double seconds)
{
    begin(f, seconds);
    *crew = crew_start(N, come, f);
    EVENTUALLY(weft_event_is_set(&f->running) || weft_barrier_broken(&f->barrier));
    if (weft_event_is_set(&f->running))
        return true;
    crew_join(crew);
    return false;
}

TEST(a_deadline_that_passes_during_the_action_does_not_count)
{
    struct fixture f;
    struct crew crew;
    double seconds = 0.05;
    while (!they_meet_within(&f, &crew, seconds))
        seconds *= 2;
    assert_int_equal(weft_sleep(seconds + 0.01), WEFT_OK);
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_false(weft_barrier_broken(&f.barrier));
}

TEST(an_interruption_during_the_action_stays_pending)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    f.seconds = WEFT_FOREVER;
    struct crew crew = crew_start(N - 1, come, &f);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == N - 1);
    struct crew last = crew_start(1, come, &f);
    assert_int_equal(weft_event_wait(&f.running), WEFT_OK);
    assert_true(test_interrupt(crew.threads[0]));
    assert_int_equal(atomic_load(&f.interrupted), 0);
    end(&f, &last);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_false(weft_barrier_broken(&f.barrier));
}

TEST(abort_during_the_action_breaks_what_comes_next)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    assert_int_equal(weft_barrier_abort(&f.barrier), WEFT_OK);
    assert_true(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_wait(&f.barrier, NULL), WEFT_BROKEN_BARRIER);
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_true(weft_barrier_broken(&f.barrier));
}

TEST(reset_during_the_action_lets_the_meeting_take_place)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    assert_int_equal(weft_barrier_abort(&f.barrier), WEFT_OK);
    assert_int_equal(weft_barrier_reset(&f.barrier), WEFT_OK);
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), N);
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_false(weft_barrier_broken(&f.barrier));
}

/* ---- who comes while the action runs --------------------------------------------------------- */

static size_t at_entry(const struct fixture *f)
{
    return wefti_waiters((struct wefti_key){&f->barrier, WEFTI_BARRIER_ENTRY});
}

TEST(who_comes_during_the_action_is_of_the_next_meeting)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    struct crew next = crew_start(N - 1, come, &f);
    EVENTUALLY(at_entry(&f) == N - 1);
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), N);
    assert_int_equal(weft_event_set(&f.go_on), WEFT_OK);
    crew_join(&crew);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == N - 1);
    assert_int_equal(atomic_load(&f.ok), N);
    atomic_store(&f.ok, 0);
    int index = -1;
    assert_int_equal(weft_barrier_wait(&f.barrier, &index), WEFT_OK);
    assert_int_equal(index, N - 1);
    crew_join(&next);
    assert_int_equal(atomic_load(&f.ok), N - 1);
    assert_int_equal(atomic_load(&f.actions), 2);
}

TEST(who_comes_during_the_action_may_give_up)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    assert_int_equal(weft_barrier_wait_for(&f.barrier, NULL, 0), WEFT_BROKEN_BARRIER);
    assert_int_equal(weft_barrier_reset(&f.barrier), WEFT_OK);
    assert_int_equal(weft_barrier_wait_for(&f.barrier, NULL, 0.01), WEFT_BROKEN_BARRIER);
    assert_true(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_reset(&f.barrier), WEFT_OK);
    struct crew next = crew_start(1, come, &f);
    EVENTUALLY(at_entry(&f) == 1);
    assert_true(test_interrupt(next.threads[0]));
    crew_join(&next);
    assert_int_equal(atomic_load(&f.interrupted), 1);
    assert_true(weft_barrier_broken(&f.barrier));
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
    assert_true(weft_barrier_broken(&f.barrier));
}

TEST(abort_sends_away_who_waits_at_the_entry)
{
    struct fixture f;
    begin(&f, WEFT_FOREVER);
    struct crew crew = meet(&f);
    struct crew next = crew_start(2, come, &f);
    EVENTUALLY(at_entry(&f) == 2);
    assert_int_equal(weft_barrier_abort(&f.barrier), WEFT_OK);
    crew_join(&next);
    assert_int_equal(atomic_load(&f.broken), 2);
    end(&f, &crew);
    assert_int_equal(atomic_load(&f.ok), N);
}

/* ---- who gives up ---------------------------------------------------------------------------- */

TEST(an_interruption_breaks_the_barrier)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N), .seconds = WEFT_FOREVER};
    struct crew crew = crew_start(N - 1, come, &f);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == N - 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.interrupted), 1);
    assert_int_equal(atomic_load(&f.broken), N - 2);
    assert_true(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), 0);
}

TEST(who_does_not_wait_breaks_the_barrier_unless_it_is_the_last)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N), .seconds = WEFT_FOREVER};
    struct crew crew = crew_start(N - 1, come, &f);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == N - 1);
    assert_int_equal(weft_barrier_wait_for(&f.barrier, NULL, 0), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.ok), N - 1);

    crew = crew_start(1, come, &f);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == 1);
    int index = 42;
    assert_int_equal(weft_barrier_wait_until(&f.barrier, &index, weft_now() - 1),
                     WEFT_BROKEN_BARRIER);
    assert_int_equal(index, 42);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.broken), 1);
}

TEST(not_a_number_is_a_value_error_and_breaks_nothing)
{
    weft_barrier barrier = WEFT_BARRIER_INIT(2);
    assert_int_equal(weft_barrier_wait_for(&barrier, NULL, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_wait_until(&barrier, NULL, NAN), WEFT_VALUE_ERROR);
    assert_false(weft_barrier_broken(&barrier));
}

/*
 * Deadlines that come just when the last does: a meeting takes place for all or for none. The thread
 * whose time is over may come to break the barrier late: that must not hit the next generation.
 */
static void *come_in_haste(void *arg)
{
    struct fixture *f = arg;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    for (int i = 0; i < 300; i++) {
        double seconds = (double)(test_random(&random) % 200) * 1e-6;
        weft_status status = weft_barrier_wait_for(&f->barrier, NULL, seconds);
        WITNESS(status == WEFT_OK || status == WEFT_BROKEN_BARRIER);
        atomic_fetch_add(status == WEFT_OK ? &f->ok : &f->broken, 1);
        if (status != WEFT_OK)
            WITNESS(weft_barrier_reset(&f->barrier) == WEFT_OK);
    }
    return NULL;
}

TEST(a_meeting_takes_place_for_all_or_for_none)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N)};
    struct crew crew = crew_start(N, come_in_haste, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.ok) % N, 0);
    assert_int_equal(atomic_load(&f.ok) + atomic_load(&f.broken), N * 300);
}

/* ---- the rest -------------------------------------------------------------------------------- */

TEST(a_filling_barrier_starts_anew_in_the_child_of_a_fork)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N), .seconds = WEFT_FOREVER};
    struct crew crew = crew_start(N - 1, come, &f);
    EVENTUALLY(weft_barrier_n_waiting(&f.barrier) == N - 1);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        bool fresh = weft_barrier_n_waiting(&f.barrier) == 0 &&
                     weft_barrier_done(&f.barrier) == WEFT_OK && !weft_barrier_broken(&f.barrier);
        bool alone = weft_barrier_wait_for(&f.barrier, NULL, 0.001) == WEFT_BROKEN_BARRIER;
        _exit(fresh && alone && weft_barrier_broken(&f.barrier) ? 0 : 1);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), N - 1);
    assert_int_equal(weft_barrier_wait(&f.barrier, NULL), WEFT_OK);
    crew_join(&crew);
}

/* Plain memory, written by each and read by all: ThreadSanitizer looks on. */
struct board {
    weft_barrier barrier;
    int entries[N];
    int total; /* the action's */
    atomic_int next;
};

static void *add_up(void *arg)
{
    struct board *board = arg;
    board->total = 0;
    for (int i = 0; i < N; i++)
        board->total += board->entries[i];
    return NULL;
}

static void *write_and_read(void *arg)
{
    struct board *board = arg;
    int number = atomic_fetch_add(&board->next, 1);
    for (int round = 1; round <= 100; round++) {
        board->entries[number] = round;
        WITNESS(weft_barrier_wait(&board->barrier, NULL) == WEFT_OK);
        WITNESS(board->total == N * round);
        WITNESS(board->entries[(number + 1) % N] == round);
        WITNESS(weft_barrier_wait(&board->barrier, NULL) == WEFT_OK);
    }
    return NULL;
}

TEST(the_action_sees_what_all_have_done_and_all_see_what_it_has)
{
    struct board board = {.total = 0};
    assert_int_equal(weft_barrier_init(&board.barrier, N, .action = add_up, .arg = &board),
                     WEFT_OK);
    struct crew crew = crew_start(N, write_and_read, &board);
    crew_join(&crew);
    assert_int_equal(board.total, N * 100);
}

TEST(a_barrier_is_small)
{
    assert_true(sizeof(weft_barrier) <= 32);
    assert_int_equal(weft_sizeof(WEFT_KIND_BARRIER), sizeof(weft_barrier));
    weft_barrier *on_heap = weft_barrier_new(1, .timeout = 2);
    assert_non_null(on_heap);
    assert_int_equal(weft_barrier_parties(on_heap), 1);
    assert_int_equal(weft_barrier_wait(on_heap, NULL), WEFT_OK);
    assert_int_equal(weft_barrier_done(on_heap), WEFT_OK);
    weft_barrier_free(on_heap);
    weft_barrier_free(NULL);
}
