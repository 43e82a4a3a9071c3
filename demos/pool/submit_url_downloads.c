/* SPDX-License-Identifier: MIT */
// NEEDS: libmicrohttpd
// NEEDS: libcurl
// NEEDS: demo http
/**
 * @file submit_url_downloads.c
 * @brief Downloads on three workers, some of which go wrong
 *
 * A web server on this machine answers after one, two or three seconds, or at once. Five pages are
 * downloaded by three workers; each future carries the path that it is for. What goes wrong while
 * downloading (a wrong page, a server that is too slow, one that is not there) is a result, too: a
 * record with an error text. What the program itself gets wrong, a path without a slash, is raised,
 * and arrives as the future's error.
 *
 * Source: threads, section 3.1, lines 618-677; it asks a server on the internet.
 *
 * Look for: the time. It is that of the slowest page, not the sum: a thread that waits for a server
 * leaves the processor to the others.
 *
 * Facts:
 * - each of five downloads is reported once, with its own path
 * - the page of 1 s comes first, then the two quick ones, then that of 2 s, then that of 3 s
 * - it takes 3 s at least; the server was asked for three pages at once
 * - each has as many bytes as the server has sent; an empty page has none
 * - an answer 500, a page that is too slow, and a server that is not there are failed records
 * - a task that raises is another route: its future has failed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_http.h"

enum { PAGES = 5, WORKERS = 3 };

/* ---- the server ---- */

static demo_crowd served;
static demo_rendezvous three_asked = DEMO_RENDEZVOUS_INIT(WORKERS);
static atomic_int reported;     /* downloads that the main thread has heard of */
static atomic_bool gave_up;     /* the client of the slow page has */
static atomic_long sent[PAGES]; /* bytes, by page */

static char *make_page(int number, double seconds)
{
    char *page = demo_text("{\"page\": %d, \"seconds\": %.1f}", number, seconds);
    sent[number] = (long)strlen(page);
    return page;
}

/* The three that take their time are asked for at once; each is done when those before it are. */
static demo_http_answer serve_slowly(double seconds, int number, int after)
{
    demo_crowd_enter(&served);
    demo_rendezvous_meet(&three_asked);
    demo_sleep(seconds);
    DEMO_AWAIT(reported >= after);
    demo_crowd_leave(&served);
    return (demo_http_answer){200, make_page(number, seconds)};
}

static demo_http_answer serve(const char *path, void *arg)
{
    (void)arg;
    if (strcmp(path, "/delay/1") == 0)
        return serve_slowly(1, 0, 0);
    if (strcmp(path, "/delay/2") == 0)
        return serve_slowly(2, 1, 3);
    if (strcmp(path, "/delay/3") == 0)
        return serve_slowly(3, 2, 4);
    if (strcmp(path, "/status/200") == 0)
        return (demo_http_answer){200, NULL};
    if (strcmp(path, "/json") == 0)
        return (demo_http_answer){200, make_page(4, 0)};
    if (strcmp(path, "/slow") == 0)
        DEMO_AWAIT(gave_up);
    return (demo_http_answer){strcmp(path, "/status/500") == 0 ? 500 : 404, NULL};
}

/* ---- the tasks ---- */

static demo_http_server *server;

struct download {
    const char *path; /* NULL: from a server that is not there */
    double timeout;   /* in real seconds, for the whole download */
    bool succeeded;
    size_t size;
    char error[128];
    double seconds;
};

static void *run_download(void *arg)
{
    struct download *download = arg;
    double start = demo_now();
    if (download->path != NULL && *download->path != '/')
        return weft_raise(WEFT_VALUE_ERROR, "%s is not a path", download->path);
    demo_say("asks for %s", download->path != NULL ? download->path : "a page that nobody has");
    demo_http_reply reply = download->path != NULL
                                ? demo_http_get(server, download->path, download->timeout)
                                : demo_http_get_from_nobody(download->timeout);
    download->seconds = demo_now() - start;
    download->succeeded = reply.status == 200;
    download->size = reply.size;
    if (*reply.error != '\0')
        snprintf(download->error, sizeof download->error, "%s", reply.error);
    else if (!download->succeeded)
        snprintf(download->error, sizeof download->error, "the server says %ld", reply.status);
    free(reply.body);
    return download;
}

/* Says how a download ended. */
static void report(weft_future *done)
{
    const struct download *download = weft_future_tag(done);
    const char *path = download->path != NULL ? download->path : "nobody";
    if (weft_future_error(done) != NULL)
        demo_say("! %s raised: %s", path, weft_future_error(done)->message);
    else if (download->succeeded)
        demo_say("+ %s: %zu bytes after %.2f s", path, download->size, download->seconds);
    else
        demo_say("- %s: %s", path, download->error);
    reported++;
}

static void submit_all(weft_executor *pool, size_t count, struct download *downloads)
{
    weft_future *futures[PAGES];
    weft_future *done;
    weft_status status;
    for (size_t i = 0; i < count; i++)
        futures[i] = demo_must(
            weft_executor_submit(pool, run_download, &downloads[i], .tag = &downloads[i]));
    WEFT_AS_COMPLETED(done, count, futures, DEMO_PATIENCE, status) {
        report(done);
    }
    demo_free_futures(count, futures);
}

static void download_pages(weft_executor *pool)
{
    struct download pages[PAGES] = {{.path = "/delay/1"},
                                    {.path = "/delay/2"},
                                    {.path = "/delay/3"},
                                    {.path = "/status/200"},
                                    {.path = "/json"}};
    bool whole = true;
    bool once = true;
    for (int i = 0; i < PAGES; i++)
        pages[i].timeout = DEMO_PATIENCE;
    double start = demo_now();
    submit_all(pool, PAGES, pages);
    double elapsed = demo_now() - start;
    for (int i = 0; i < PAGES; i++) {
        once = once && demo_count(demo_name("MainThread + %s: *", pages[i].path)) == 1;
        whole = whole && pages[i].succeeded && (long)pages[i].size == sent[i];
    }
    CHECK(once && reported == PAGES, "each of five downloads was reported once, with its path");
    CHECK(demo_in_order("MainThread + /delay/1: *", "MainThread + /status/200: *",
                        "MainThread + /delay/2: *", "MainThread + /delay/3: *") &&
              demo_in_order("MainThread + /delay/1: *", "MainThread + /json: *",
                            "MainThread + /delay/2: *"),
          "/delay/1 came first, then /status/200 and /json, /delay/2, /delay/3");
    CHECK(demo_at_least(elapsed, 3.0) && served.peak == WORKERS,
          "three were asked for at once, and the slowest took 3 s");
    CHECK(whole && pages[3].size == 0,
          "each has as many bytes as the server has sent, /status/200 none");
}

static void download_what_fails(weft_executor *pool)
{
    struct download failing[4] = {{.path = "/status/500", .timeout = DEMO_PATIENCE},
                                  {.path = "/slow", .timeout = demo_seconds(0.5)},
                                  {.timeout = DEMO_PATIENCE},
                                  {.path = "no-path", .timeout = DEMO_PATIENCE}};
    submit_all(pool, 4, failing);
    gave_up = true;
    CHECK(demo_count("MainThread - /status/500: the server says 500") == 1,
          "an answer 500 is a record that says so");
    CHECK(!failing[1].succeeded && *failing[1].error != '\0' &&
              demo_count("MainThread - /slow: *") == 1,
          "a page that does not come in time is a failed record");
    CHECK(!failing[2].succeeded && *failing[2].error != '\0' &&
              demo_count("MainThread - nobody: *") == 1,
          "so is one from a server that is not there");
    CHECK(demo_count("MainThread ! no-path raised: no-path is not a path") == 1,
          "a task that raises goes the other way: its future has failed");
}

int main(void)
{
    demo_begin("Downloads on three workers, some of which go wrong");
    server = demo_http_serve(serve, NULL);
    WEFT_WITH_EXECUTOR(pool, WORKERS, .thread_name_prefix = "worker") {
        demo_part("Five pages");
        download_pages(pool);
        demo_part("Four that go wrong");
        download_what_fails(pool);
    }
    demo_http_stop(server);
    return demo_end();
}
