/* SPDX-License-Identifier: MIT */
/* An action that forks: in the parent its meeting takes place, in the child there has been none. */
#include "test.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARTIES = 3 };

static weft_barrier barrier;
static atomic_int actions;
static pid_t child = -1;

static void *fork_once(void *arg)
{
    if (atomic_fetch_add(&actions, 1) == 0)
        child = fork();
    return arg;
}

static void *come(void *arg)
{
    WITNESS(weft_barrier_wait(&barrier, NULL) == WEFT_OK);
    return arg;
}

/* What the child finds; its action forks no more. */
static _Noreturn void look_at_it_in_the_child(weft_status status)
{
    alarm(20);
    WITNESS(status == WEFT_OK);
    WITNESS(!weft_barrier_broken(&barrier));
    WITNESS(weft_barrier_n_waiting(&barrier) == 0);
    WITNESS(weft_barrier_done(&barrier) == WEFT_OK);
    WITNESS(weft_barrier_wait_for(&barrier, NULL, 0) == WEFT_BROKEN_BARRIER);
    WITNESS(weft_barrier_reset(&barrier) == WEFT_OK);
    WITNESS(!weft_barrier_broken(&barrier));
    _exit(test_witness_failures() != 0);
}

TEST(an_action_that_forks_leaves_the_child_a_fresh_barrier)
{
    int status = 0;
    assert_int_equal(
        weft_barrier_init(&barrier, .parties = PARTIES, .action = fork_once, .arg = NULL), WEFT_OK);
    struct crew crew = crew_start(PARTIES - 1, come, NULL);
    EVENTUALLY(weft_barrier_n_waiting(&barrier) == PARTIES - 1);
    weft_status met = weft_barrier_wait(&barrier, NULL);
    if (child == 0)
        look_at_it_in_the_child(met);
    assert_int_equal(met, WEFT_OK);
    crew_join(&crew);
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct crew next = crew_start(PARTIES - 1, come, NULL);
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_OK);
    crew_join(&next);
    assert_int_equal(atomic_load(&actions), 2);
}
