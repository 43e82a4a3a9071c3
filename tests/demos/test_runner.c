/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--no-as-needed -lcjson
/*
 * What weft-demos promises: which demos it finds and takes, how it tells how they ended, and that
 * every one ends. It runs on demos that are shell scripts, in a tree of their own.
 */
#include <cjson/cJSON.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { MOST_ARGUMENTS = 16 };

static char root[] = "/tmp/weft-demos-test-XXXXXX";
static char output[1 << 16];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_tree(void)
{
    enum { OPEN_DIRECTORIES = 8 };
    nftw(root, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

/* A demo: its source with a title and a place in the course, its program from a shell script. */
static void add_demo(const char *chapter, const char *name, const char *header, const char *script)
{
    char path[256];
    char text[2048];
    snprintf(path, sizeof path, "%s/source/%s", root, chapter);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/source/%s/%s.c", root, chapter, name);
    snprintf(text, sizeof text, "/* SPDX */\n%s", header);
    write_file(path, text, 0644);
    if (script == NULL)
        return;
    snprintf(path, sizeof path, "%s/bin/%s", root, chapter);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/bin/%s/%s", root, chapter, name);
    snprintf(text, sizeof text, "#!/bin/sh\n%s", script);
    write_file(path, text, 0755);
}

static const char good_script[] = "echo A title; echo; echo '  ✓ one fact'; echo '  ✓ another'";

static void make_tree(void)
{
    char path[256];
    assert_non_null(mkdtemp(root));
    atexit(remove_tree);
    snprintf(path, sizeof path, "%s/source", root);
    assert_int_equal(mkdir(path, 0777), 0);
    setenv("WEFT_DEMO_SOURCE_DIR", path, 1);
    snprintf(path, sizeof path, "%s/bin", root);
    assert_int_equal(mkdir(path, 0777), 0);
    setenv("WEFT_DEMO_BIN_DIR", path, 1);
    add_demo("common", "helper", "", NULL);
    add_demo("runner", "main", "", NULL);
    add_demo("zoo", "good",
             "/**\n * @brief A good one\n *\n"
             " * Source: locks, section 1.2, lines 10-20.\n */\n",
             good_script);
}

/* Starts the runner with its arguments, ended by NULL; returns its number. */
static pid_t start_runner(const char *const *arguments, int *from)
{
    const char *all[MOST_ARGUMENTS + 2] = {WEFT_BUILD_DIR "/demos/weft-demos"};
    for (size_t i = 0; i < MOST_ARGUMENTS && arguments[i] != NULL; i++)
        all[i + 1] = arguments[i];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(all[0], (char *const *)all);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

/* Reads all that the runner writes; returns what waitpid() says. */
static int finish_runner(pid_t pid, int from)
{
    size_t length = 0;
    ssize_t got;
    while ((got = read(from, output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)got;
    output[length] = '\0';
    close(from);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int runner(const char *const *arguments)
{
    int from;
    pid_t pid = start_runner(arguments, &from);
    int status = finish_runner(pid, from);
    if (!WIFEXITED(status))
        fail_msg("the runner was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

#define RUN(...) runner((const char *const[]){__VA_ARGS__, NULL})

static void assert_output(const char *part)
{
    if (strstr(output, part) == NULL)
        fail_msg("\"%s\" is not in the output:\n%s", part, output);
}

/* Whether a process has ended; it may still wait for somebody to ask for its exit status. */
static bool has_ended(int pid)
{
    char path[64];
    char state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return true;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state == 'Z' || state == 'X';
}

/* The number that a demo has written to a file of the tree. */
static int read_number(const char *name)
{
    char path[256];
    char text[32] = "";
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fgets(text, sizeof text, file) == NULL)
        text[0] = '\0';
    fclose(file);
    return (int)strtol(text, NULL, 10);
}

/* ---- the catalogue -------------------------------------------------------------------------- */

TEST(list_follows_the_course)
{
    make_tree();
    add_demo("ape", "later",
             "/**\n * @brief Later\n * Source: threads, section 1.1, lines 5-6.\n */", good_script);
    add_demo("zoo", "bad", "/**\n * @brief First\n * Source: locks, section 1.2, lines 9-9.\n */",
             good_script);
    add_demo("zoo", "prose", "/**\n * @brief Prose\n * Source: locks, section 1.2.\n */",
             good_script);
    assert_int_equal(RUN("list"), 0);
    assert_string_equal(output, "zoo\n  bad    First\n  good   A good one\n  prose  Prose\n"
                                "\nape\n  later  Later\n");
    assert_int_equal(RUN("list", "ape"), 0);
    assert_string_equal(output, "ape\n  later  Later\n");
}

TEST(show_prints_the_source)
{
    make_tree();
    assert_int_equal(RUN("show", "good"), 0);
    assert_output("/* SPDX */\n/**\n * @brief A good one\n");
    assert_int_equal(RUN("show", "zoo/good"), 0);
    add_demo("ape", "good", "", good_script);
    assert_int_equal(RUN("show", "good"), 2);
    assert_output("\"good\" may be ");
}

TEST(unknown_names_are_errors_with_what_is_near)
{
    make_tree();
    assert_int_equal(RUN("run", "goof"), 2);
    assert_string_equal(output, "weft-demos: there is no command, chapter or demo \"goof\"; "
                                "near it: good\n");
    assert_int_equal(RUN("lsit"), 2);
    assert_output("near it: list");
    assert_int_equal(RUN("good", "zoo/godo"), 2);
    assert_output("near it: zoo/good");
    assert_int_equal(RUN("list", "zo"), 2);
    assert_string_equal(output, "weft-demos: there is no chapter \"zo\"; near it: zoo\n");
    assert_int_equal(RUN("show", "oo"), 2);
    assert_output("there is no demo \"oo\"; near it: good");
    assert_int_equal(RUN("something-else-entirely"), 2);
    assert_output("(weft-demos list shows all)");
}

TEST(mistakes_on_the_command_line_are_named)
{
    make_tree();
    static const char *const wrong[][2] = {
        {"--speed=0", "--speed needs a number above 0, not \"0\""},
        {"--speed=fast", "--speed needs a number above 0, not \"fast\""},
        {"--timeout=-1", "--timeout needs a number above 0, not \"-1\""},
        {"--timeout=nan", "--timeout needs a number above 0, not \"nan\""},
        {"--jobs=0", "--jobs needs a whole number from 1 to 256, not \"0\""},
        {"--jobs=2.5", "--jobs needs a whole number from 1 to 256, not \"2.5\""},
        {"--jobs=99999999999999999999", "--jobs needs a whole number"},
        {"--colour", "unrecognized option"},
        {"show", "show needs one name"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(RUN(wrong[i][0]), 2);
        assert_output(wrong[i][1]);
    }
    assert_int_equal(RUN("list", "--jobs", "2"), 2);
    assert_output("--jobs goes with run only");
    assert_int_equal(RUN("list", "a", "b"), 2);
    assert_int_equal(RUN("show", "--json", "good"), 2);
    assert_int_equal(RUN("--json", "--verbose"), 2);
    assert_int_equal(RUN("--help"), 0);
    assert_int_equal(RUN("--version"), 0);
    assert_output("weft-demos 0.");
}

/* ---- running -------------------------------------------------------------------------------- */

TEST(a_run_without_trouble_ends_with_0)
{
    make_tree();
    add_demo("ape", "other", "", "[ $WEFT_DEMO_SPEED = 20 ] && echo '  ✓ speed 20'");
    assert_int_equal(RUN("--jobs", "1"), 0);
    assert_output("ok ");
    assert_output("zoo/good, 2 facts\n");
    assert_output("\nchapter  demos       ok   failed     hung  skipped    facts   seconds\n");
    assert_output("\nzoo          1        1        0        0        0        2 ");
    assert_output("\nall          2        2        0        0        0        3 ");
    assert_output("\n2 of 2 demos ok, 3 of 3 facts held, ");
}

TEST(patterns_choose)
{
    make_tree();
    add_demo("zoo", "gold", "", good_script);
    add_demo("ape", "gorilla", "", good_script);
    assert_int_equal(RUN("run", "go?d"), 0);
    assert_output("2 of 2 demos ok");
    assert_int_equal(RUN("zoo"), 0);
    assert_output("2 of 2 demos ok");
    assert_int_equal(RUN("zoo/*", "gorilla"), 0);
    assert_output("3 of 3 demos ok");
    assert_int_equal(RUN("run", "run"), 2);
}

TEST(the_speed_is_handed_on)
{
    make_tree();
    add_demo("ape", "fast", "", "[ $WEFT_DEMO_SPEED = 2.5 ] && echo '  ✓ speed 2.5'");
    assert_int_equal(RUN("--speed", "2.5", "fast"), 0);
}

TEST(a_false_fact_is_shown_with_the_output)
{
    make_tree();
    add_demo("ape", "bad", "", "echo the story; echo '  ✓ held'; echo '  ✗ missed'; exit 1");
    assert_int_equal(RUN("--jobs", "2"), 1);
    assert_output("\nfailed ape/bad: 1 of 2 facts did not hold\n  ✗ missed\n  its output:\n"
                  "    | the story\n    |   ✓ held\n    |   ✗ missed\n");
    assert_output("\n1 of 2 demos ok, 3 of 4 facts held, ");
}

TEST(a_demo_fails_in_other_ways_too)
{
    make_tree();
    add_demo("ape", "no_facts", "", "echo nothing");
    add_demo("ape", "false_but_0", "", "echo '  ✗ missed'");
    add_demo("ape", "status", "", "echo '  ✓ held'; exit 66");
    add_demo("ape", "signal", "", "echo '  ✓ held'; kill -SEGV $$");
    assert_int_equal(RUN("ape"), 1);
    assert_output("ape/no_facts: no fact was checked\n");
    assert_output("ape/false_but_0: 1 of 1 fact did not hold\n");
    assert_output("ape/status: exit status 66\n");
    assert_output("ape/signal: ended by signal 11 (Segmentation fault)\n");
    assert_output("\n0 of 4 demos ok, ");
}

TEST(a_skipped_demo_is_no_failure)
{
    make_tree();
    add_demo("ape", "picky", "", "echo 'skipped: needs a third hand'; exit 77");
    add_demo("ape", "unbuilt", "// NEEDS: header hands.h\n", NULL);
    assert_int_equal(RUN("--jobs", "2"), 0);
    assert_output("skipped ape/picky: needs a third hand\n");
    assert_output("skipped ape/unbuilt: not built: needs header hands.h\n");
    assert_output("\n1 of 3 demos ok, ");
}

TEST(a_hung_demo_is_asked_for_a_dump_and_killed_with_its_children)
{
    make_tree();
    char script[512];
    /* The dump is what it says at SIGQUIT; both it and its child would go on for ever. */
    snprintf(script, sizeof script,
             "trap 'echo 2 worker waits for a lock' QUIT\n"
             "echo the story\n"
             "(trap '' QUIT; while :; do sleep 0.05; done) &\n"
             "echo $! > %s/child; [ $WEFT_DUMP_ON = QUIT ] && while :; do sleep 0.05; done\n",
             root);
    add_demo("ape", "stuck", "", script);
    assert_int_equal(RUN("--timeout", "0.5", "stuck"), 1);
    assert_output("hung ape/stuck: no end after 0.5 s\n  what its threads wait for:\n");
    assert_output("    | 2 worker waits for a lock\n  its output:\n    | the story\n");

    int child = read_number("child");
    assert_true(child > 0);
    EVENTUALLY(has_ended(child));
}

TEST(an_interrupted_run_ends_its_demos_and_reports)
{
    make_tree();
    char script[512];
    snprintf(script, sizeof script, "echo $$ > %s/pid\nexec sleep 1000\n", root);
    add_demo("zoo", "slow", "", script); /* has no place: comes last */
    int from;
    pid_t pid = start_runner((const char *const[]){"--jobs", "1", NULL}, &from);
    EVENTUALLY(read_number("pid") > 0);
    assert_int_equal(kill(pid, SIGTERM), 0);
    int status = finish_runner(pid, from);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_output("\n1 of 2 demos ok, 2 of 2 facts held, ");
    assert_output("\ninterrupted: 1 not run to the end\n");
    assert_true(has_ended(read_number("pid")));
}

TEST(a_demo_does_not_outlive_a_runner_that_is_killed)
{
    make_tree();
    char script[512];
    snprintf(script, sizeof script, "echo $$ > %s/pid\nexec sleep 1000\n", root);
    add_demo("ape", "slow", "", script);
    int from;
    pid_t pid = start_runner((const char *const[]){"slow", NULL}, &from);
    EVENTUALLY(read_number("pid") > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    finish_runner(pid, from); /* ends only when the demo has closed its output */
}

TEST(verbose_shows_what_demos_say)
{
    make_tree();
    assert_int_equal(RUN("--verbose", "good"), 0);
    assert_output("== zoo/good\nA title\n\n  ✓ one fact\n  ✓ another\nok ");
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static const char *string_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "(no string)";
}

TEST(json_of_a_list)
{
    make_tree();
    assert_int_equal(RUN("list", "--json"), 0);
    cJSON *array = cJSON_Parse(output);
    assert_true(cJSON_IsArray(array));
    assert_int_equal(cJSON_GetArraySize(array), 1);
    const cJSON *good = cJSON_GetArrayItem(array, 0);
    assert_string_equal(string_of(good, "name"), "good");
    assert_string_equal(string_of(good, "chapter"), "zoo");
    assert_string_equal(string_of(good, "title"), "A good one");
    cJSON_Delete(array);
}

TEST(json_of_a_run_holds_facts_and_output)
{
    make_tree();
    add_demo("zoo", "odd", "", "printf '\"quoted\"\\t\\377\\n  ✗ missed \\303\\n'; exit 1");
    add_demo("zoo", "unbuilt", "", NULL);
    assert_int_equal(RUN("--json"), 1);
    cJSON *array = cJSON_Parse(output);
    assert_true(cJSON_IsArray(array));
    assert_int_equal(cJSON_GetArraySize(array), 3);
    const cJSON *good = cJSON_GetArrayItem(array, 0);
    assert_string_equal(string_of(good, "status"), "ok");
    assert_string_equal(string_of(good, "output"), "A title\n\n  ✓ one fact\n  ✓ another\n");
    assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(good, "seconds")) > 0);
    const cJSON *facts = cJSON_GetObjectItem(good, "facts");
    assert_int_equal(cJSON_GetArraySize(facts), 2);
    assert_string_equal(string_of(cJSON_GetArrayItem(facts, 1), "text"), "another");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetArrayItem(facts, 1), "held")));

    const cJSON *odd = cJSON_GetArrayItem(array, 1);
    assert_string_equal(string_of(odd, "status"), "failed");
    assert_string_equal(string_of(odd, "output"), "\"quoted\"\t?\n  ✗ missed ?\n");
    facts = cJSON_GetObjectItem(odd, "facts");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetArrayItem(facts, 0), "held")));
    assert_string_equal(string_of(cJSON_GetArrayItem(array, 2), "status"), "skipped");
    cJSON_Delete(array);
}
