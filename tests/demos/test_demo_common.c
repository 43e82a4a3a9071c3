/* SPDX-License-Identifier: MIT */
/*
 * What demos/common promises to the demos: the frame and its exit status, facts, order, the time
 * scale, meetings, random numbers, children. Each demo under test runs in a process of its own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* NOLINTBEGIN(bugprone-suspicious-include): the private parts are under test, too. */
#include "demos/common/bench.c"
#include "demos/common/child.c"
#include "demos/common/clock.c"
#include "demos/common/crowd.c"
#include "demos/common/facts.c"
#include "demos/common/frame.c"
#include "demos/common/order.c"
#include "demos/common/random.c"
#include "demos/common/rendezvous.c"
#include "demos/common/say.c"
#include "demos/common/thread.c"
#include "demos/common/time.c"
/* NOLINTEND(bugprone-suspicious-include) */

/* The demos under test are forked beside the thread that waits to dump; ThreadSanitizer objects. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* The search for leaks at their end stops threads that the fork has left behind, and hangs. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* How a demo ended and what it wrote. */
struct outcome {
    int status; /* exit status; -1: a signal */
    char output[1 << 17];
};

static struct outcome outcome;

static void run_demo(int (*body)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        exit(body());
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], outcome.output + length, sizeof outcome.output - 1 - length)) > 0)
        length += (size_t)got;
    outcome.output[length] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_output(const char *part)
{
    if (strstr(outcome.output, part) == NULL)
        fail_msg("\"%s\" is not in the output:\n%s", part, outcome.output);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static int two_true_facts(void)
{
    demo_begin("A title");
    CHECK(1 + 1 == 2, "one and %s make two", "one");
    CHECK(true, "truth holds");
    return demo_end();
}

TEST(a_demo_whose_facts_hold_ends_with_0)
{
    run_demo(two_true_facts);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.output, "A title\n\n  ✓ one and one make two\n  ✓ truth holds\n"
                                        "\n2 facts held\n");
}

static int one_false_fact(void)
{
    demo_begin("A title");
    CHECK(true, "truth holds");
    bool value = CHECK(1 > 2, "one is more than two");
    return demo_end() + 10 * value;
}

TEST(a_demo_with_a_false_fact_ends_with_1_and_says_where)
{
    run_demo(one_false_fact);
    assert_int_equal(outcome.status, 1);
    assert_output("\n  ✗ one is more than two\n      test_demo_common.c:");
    assert_output(": 1 > 2\n");
    assert_output("\n1 of 2 facts did NOT hold\n");
}

static int no_fact(void)
{
    demo_begin("A title");
    return demo_end();
}

TEST(a_demo_without_facts_is_a_mistake)
{
    run_demo(no_fact);
    assert_int_equal(outcome.status, 2);
    assert_output("demo: no fact was checked\n");
}

static int skipping(void)
{
    demo_begin("A title");
    return demo_skip("needs %d processors", 1000);
}

TEST(a_demo_that_cannot_run_ends_with_77)
{
    run_demo(skipping);
    assert_int_equal(outcome.status, 77);
    assert_output("skipped: needs 1000 processors\n");
}

static int saying_too_early(void)
{
    demo_say("hello");
    return 0;
}

static int beginning_twice(void)
{
    demo_begin("A title");
    demo_begin("Another");
    return 0;
}

static int missing_memory(void)
{
    demo_begin("A title");
    demo_must(NULL);
    return 0;
}

TEST(misuse_ends_with_2)
{
    run_demo(saying_too_early);
    assert_int_equal(outcome.status, 2);
    assert_output("demo: demo_begin() must come first\n");
    run_demo(beginning_twice);
    assert_int_equal(outcome.status, 2);
    run_demo(missing_memory);
    assert_int_equal(outcome.status, 2);
    assert_output("demo: cannot go on: out of memory\n");
}

/* ---- time ----------------------------------------------------------------------------------- */

static int sleeping(void)
{
    demo_begin("A title");
    double start = demo_now();
    double real = weft_now();
    demo_sleep(2.0);
    CHECK(weft_now() - real >= 0.02 - 1e-7, "the sleep has its real length");
    CHECK(demo_at_least(demo_now() - start, 2.0), "in the story it has taken 2 s");
    CHECK(!demo_at_least(1.9, 2.0), "1.9 is not enough");
    return demo_end();
}

TEST(at_speed_100_the_story_takes_as_long_and_the_waits_a_hundredth)
{
    setenv("WEFT_DEMO_SPEED", "100", 1);
    run_demo(sleeping);
    assert_int_equal(outcome.status, 0);
}

TEST(a_speed_that_is_no_number_above_0_is_refused)
{
    static const char *const wrong[] = {"0", "-1", "fast", "20x", "nan", "inf", " "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("WEFT_DEMO_SPEED", wrong[i], 1);
        run_demo(two_true_facts);
        assert_int_equal(outcome.status, 2);
        assert_output("demo: WEFT_DEMO_SPEED must be a number above 0, not \"");
    }
    setenv("WEFT_DEMO_SPEED", "", 1);
    run_demo(two_true_facts);
    assert_int_equal(outcome.status, 0);
}

TEST(a_clock_that_is_moved_shows_the_time_in_seconds)
{
    demo_clock now = {.ms = 0};
    assert_true(demo_clock_seconds(&now) == 0);
    now.ms = 1250;
    assert_true(demo_clock_seconds(&now) == 1.25);
    assert_true(demo_clock_seconds(&now) == 1.25); /* it stands still */
}

static int parts(void)
{
    demo_begin("A title");
    double start = weft_now();
    demo_part("the first");
    demo_say("speaks");
    demo_part("the second");
    CHECK(weft_now() - start >= 0.05 - 1e-7, "there was time between them");
    start = weft_now();
    demo_part("the third");
    CHECK(weft_now() - start >= 0.05 - 1e-7, "and again");
    return demo_end();
}

TEST(a_pause_between_parts_has_its_real_length_at_every_speed)
{
    setenv("WEFT_DEMO_SPEED", "100", 1);
    setenv("WEFT_DEMO_PAUSE", "0.05", 1);
    run_demo(parts);
    assert_int_equal(outcome.status, 0);
}

TEST(a_pause_that_is_no_number_of_seconds_is_refused)
{
    static const char *const wrong[] = {"-1", "long", "5s", "nan", "inf"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("WEFT_DEMO_PAUSE", wrong[i], 1);
        run_demo(two_true_facts);
        assert_int_equal(outcome.status, 2);
        assert_output("demo: WEFT_DEMO_PAUSE must be a number of seconds, not \"");
    }
}

/* ---- narration and order -------------------------------------------------------------------- */

enum { SPEAKERS = 8, LINES = 100, LINES_IN_ALL = SPEAKERS * LINES };

static void *speak(void *arg)
{
    for (int i = 0; i < LINES; i++)
        demo_say("says a line of some length, number %d .", i);
    return arg;
}

static int many_speakers(void)
{
    demo_begin("A title");
    weft_thread *speakers[SPEAKERS];
    for (int i = 0; i < SPEAKERS; i++)
        speakers[i] = demo_must(weft_thread_spawn(speak, NULL, .name = demo_name("s-%d", i)));
    for (int i = 0; i < SPEAKERS; i++) {
        weft_thread_join(speakers[i]);
        weft_thread_free(speakers[i]);
    }
    CHECK(demo_count("s-? says a line*") == LINES_IN_ALL, "all lines are kept");
    return demo_end();
}

TEST(lines_of_many_threads_never_mix)
{
    run_demo(many_speakers);
    assert_int_equal(outcome.status, 0);
    int whole = 0;
    for (char *line = strtok(outcome.output, "\n"); line != NULL; line = strtok(NULL, "\n"))
        whole += fnmatch("*.??? *s-? *says a line of some length, number *[0-9] .", line, 0) == 0;
    assert_int_equal(whole, LINES_IN_ALL);
}

static int ordered(void)
{
    demo_begin("A title");
    demo_say("takes %s", "it");
    demo_mark("quietly waits");
    demo_say("lets it go");
    demo_say("takes it");
    CHECK(demo_in_order("MainThread takes it", "MainThread quietly waits", "* lets it go"),
          "the order is known");
    CHECK(!demo_in_order("* lets it go", "* takes it"), "the first occurrence counts");
    CHECK(!demo_in_order("* takes it", "* never said"), "all must have been said");
    CHECK(demo_count("* takes it") == 2 && demo_count("*") == 4, "lines are counted");
    return demo_end();
}

TEST(what_was_said_has_an_order)
{
    run_demo(ordered);
    assert_int_equal(outcome.status, 0);
    assert_output("MainThread  takes it\n");
    assert_output("said too early: \"* takes it\"\n");
    assert_output("never said: \"* never said\"\n");
    assert_null(strstr(outcome.output, "  quietly waits"));
}

static int talkative(void)
{
    demo_begin("A title");
    for (int i = 0; i <= DEMO_LINES; i++)
        demo_mark("line %d", i);
    CHECK(demo_count("*") > 0, "lines are counted");
    return demo_end();
}

TEST(an_order_that_is_not_known_whole_is_not_told)
{
    run_demo(talkative);
    assert_int_equal(outcome.status, 2);
}

static int long_line(void)
{
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    demo_begin("A title");
    demo_say("%s", text);
    CHECK(true, "%s", text);
    return demo_end();
}

TEST(a_line_that_is_too_long_is_cut_and_still_a_line)
{
    run_demo(long_line);
    assert_int_equal(outcome.status, 0);
    assert_output("xxx\n  ✓ xxx");
    assert_output("xxx\n\n1 fact held\n");
}

/* ---- meeting -------------------------------------------------------------------------------- */

enum { GUESTS = 5, ROUNDS = 200 };

static demo_rendezvous table = DEMO_RENDEZVOUS_INIT(GUESTS);
static atomic_int arrived[ROUNDS];
static demo_crowd crowd;

static void *visit(void *arg)
{
    for (int round = 0; round < ROUNDS; round++) {
        arrived[round]++;
        demo_rendezvous_meet(&table);
        WITNESS(arrived[round] == GUESTS);
    }
    demo_crowd_enter(&crowd);
    demo_rendezvous_meet(&table);
    demo_crowd_leave(&crowd);
    return arg;
}

TEST(nobody_leaves_a_rendezvous_before_all_have_come)
{
    struct crew crew = crew_start(GUESTS, visit, NULL);
    crew_join(&crew);
    assert_int_equal(crowd.peak, GUESTS);
    assert_int_equal(crowd.inside, 0);
}

static void *visit_alone(void *arg)
{
    for (int round = 0; round < ROUNDS; round++)
        demo_rendezvous_meet(arg);
    return arg;
}

TEST(a_party_of_one_waits_for_nobody)
{
    static demo_rendezvous alone = DEMO_RENDEZVOUS_INIT(1);
    struct crew crew = crew_start(1, visit_alone, &alone);
    crew_join(&crew);
    assert_int_equal(weft_barrier_n_waiting(&alone.barrier), 0);
}

/* ---- threads and stop watch ----------------------------------------------------------------- */

static void *tell_name(void *name)
{
    snprintf(name, 64, "%s", weft_thread_name(weft_thread_current()));
    return name;
}

TEST(a_spawned_thread_has_the_name_that_printf_would_make)
{
    char names[2][64] = {"", ""};
    weft_thread *const threads[] = {demo_spawn(tell_name, names[0], "worker-%d", 7),
                                    demo_spawn(tell_name, names[1], "%s", "other")};
    demo_join_all(2, threads);
    assert_string_equal(names[0], "worker-7");
    assert_string_equal(names[1], "other");
}

TEST(others_can_take_an_rlock_only_while_nobody_holds_it)
{
    static weft_rlock lock = WEFT_RLOCK_INIT;
    assert_true(demo_others_can_take(&lock));
    weft_rlock_acquire(&lock);
    assert_false(demo_others_can_take(&lock));
    weft_rlock_release(&lock);
    assert_true(demo_others_can_take(&lock));
    assert_false(weft_rlock_locked(&lock));
}

static void sleep_a_little_longer(void *rounds, long count)
{
    weft_sleep(++*(int *)rounds == 3 ? 0.2 : (double)count * 1e-3);
}

TEST(a_bench_is_warmed_up_and_gives_the_median_of_its_rounds)
{
    int rounds = 0;
    double seconds = demo_bench(sleep_a_little_longer, &rounds, 2);
    assert_int_equal(rounds, DEMO_BENCH_ROUNDS + 1);
    assert_true(seconds >= 0.002);
}

/* ---- random numbers ------------------------------------------------------------------------- */

static int drawing(void)
{
    demo_begin("A title");
    demo_random first = demo_random_stream(1);
    demo_random same = demo_random_stream(1);
    demo_random other = demo_random_stream(2);
    bool equal = true;
    bool differs = false;
    bool inside = true;
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t bits = demo_random_bits(&first);
        equal = equal && bits == demo_random_bits(&same);
        differs = differs || bits != demo_random_bits(&other);
        uint32_t face = demo_random_below(&first, 6);
        seen |= 1U << face;
        double number = demo_random_between(&first, -1.5, 2.5);
        inside = inside && face < 6 && number >= -1.5 && number < 2.5;
        demo_random_below(&same, 6);
        demo_random_between(&same, 0, 1);
    }
    CHECK(equal && differs, "streams are repeatable and different");
    CHECK(inside && seen == 0x3f, "numbers lie in their range and reach all of it");
    return demo_end();
}

TEST(random_numbers_are_the_same_in_every_run)
{
    run_demo(drawing);
    assert_int_equal(outcome.status, 0);
    assert_output("random numbers from seed 1 (WEFT_DEMO_SEED)\n");
    setenv("WEFT_DEMO_SEED", "1234567890123", 1);
    run_demo(drawing);
    assert_int_equal(outcome.status, 0);
    assert_output("seed 1234567890123 ");
    setenv("WEFT_DEMO_SEED", "-1", 1);
    run_demo(drawing);
    assert_int_equal(outcome.status, 2);
}

/* ---- children ------------------------------------------------------------------------------- */

static weft_lock held_for_ever = WEFT_LOCK_INIT;

static int block(void *arg) WEFT_NO_ANALYSIS
{
    (void)arg;
    demo_say("blocks");
    CHECK(true, "a fact of the child's");
    weft_lock_acquire(&held_for_ever);
    demo_child_ready();
    return (int)weft_lock_acquire(&held_for_ever);
}

static int parent_of_blocked(void)
{
    demo_begin("A title");
    demo_child child = demo_child_run(block, NULL, 0.05);
    CHECK(child.ready && child.killed && child.exit_status == -1, "it had to be killed");
    CHECK(demo_count("child blocks") == 1, "what it said is kept");
    CHECK(strstr(child.output, "a fact of the child's\n") != NULL, "what it wrote, too");
    return demo_end();
}

TEST(a_child_that_blocks_is_killed_and_its_facts_count)
{
    run_demo(parent_of_blocked);
    assert_int_equal(outcome.status, 0);
    assert_output("child       blocks\n  ✓ a fact of the child's\n");
    assert_output("\n4 facts held\n");
}

static int fail_in_child(void *arg)
{
    (void)arg;
    CHECK(false, "a false fact of the child's");
    return 3;
}

static int parent_of_ended(void)
{
    demo_begin("A title");
    demo_child child = demo_child_run(fail_in_child, NULL, 30);
    CHECK(child.ready && !child.killed && child.exit_status == 3, "it has ended by itself");
    return demo_end();
}

TEST(a_child_that_ends_has_an_exit_status_and_its_false_facts_count)
{
    run_demo(parent_of_ended);
    assert_int_equal(outcome.status, 1);
    assert_output("\n1 of 2 facts did NOT hold\n");
}

static int crash(void *arg)
{
    (void)arg;
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
    return 0;
}

static int parent_of_crashed(void)
{
    demo_begin("A title");
    demo_child child = demo_child_run(crash, NULL, 30);
    CHECK(!child.ready && !child.killed && child.exit_status == -1, "a signal has ended it");
    return demo_end();
}

TEST(a_child_that_crashes_is_noticed_at_once)
{
    run_demo(parent_of_crashed);
    assert_int_equal(outcome.status, 0);
}

static void *sleep_long(void *arg)
{
    demo_sleep(30);
    return arg;
}

static int forking_late(void)
{
    demo_begin("A title");
    weft_thread *thread = demo_must(weft_thread_spawn(sleep_long, NULL, .daemon = true));
    demo_child_run(fail_in_child, NULL, 30);
    weft_thread_free(thread);
    return demo_end();
}

static int ready_without_child(void)
{
    demo_begin("A title");
    demo_child_ready();
    return demo_end();
}

TEST(a_child_is_forked_before_the_first_thread)
{
    run_demo(forking_late);
    assert_int_equal(outcome.status, 2);
    assert_output("demo: a child must be forked before the first thread starts\n");
    run_demo(ready_without_child);
    assert_int_equal(outcome.status, 2);
}
