/* SPDX-License-Identifier: MIT */
/**
 * @file demo_http.h
 * @brief A web server on this machine and a client for it, for demos that download something.
 *
 * A demo that uses them has the lines `// NEEDS: libmicrohttpd`, `// NEEDS: libcurl` and
 * `// NEEDS: demo http`.
 * @code
 *     static demo_http_answer serve(const char *path, void *arg)
 *     {
 *         demo_sleep(1);                       // each request has a thread of its own
 *         return (demo_http_answer){.status = 200, .body = demo_text("you want %s", path)};
 *     }
 *
 *     demo_http_server *server = demo_http_serve(serve, NULL);   // before the demo's first thread
 *     demo_http_reply reply = demo_http_get(server, "/json", 10.0);
 *     ...
 *     free(reply.body);
 *     demo_http_stop(server);
 * @endcode
 */
#ifndef DEMO_HTTP_H
#define DEMO_HTTP_H

#include <stddef.h>

/** What a server says to a request. */
typedef struct demo_http_answer {
    unsigned status; /**< 200, 404, 500 ... */
    char *body;      /**< From malloc(), freed after it was sent; NULL: empty. */
} demo_http_answer;

/** Answers a request for @p path; called in the request's own thread. */
typedef demo_http_answer demo_http_handler(const char *path, void *arg);

/** A server; opaque. */
typedef struct demo_http_server demo_http_server;

/** Starts a server on a free port of this machine; if that fails the demo ends with status 2. */
demo_http_server *demo_http_serve(demo_http_handler *handler, void *arg);

/** Waits for the requests that are being answered, and ends the server. */
void demo_http_stop(demo_http_server *server);

/** What a client has got. */
typedef struct demo_http_reply {
    long status;     /**< As the server says; 0: there was no answer. */
    char *body;      /**< Ends with a 0; to be freed; NULL if there was no answer. */
    size_t size;     /**< Of the body. */
    char error[128]; /**< Why there was none, in words; "": there was one. */
} demo_http_reply;

/** Asks for @p path; real @p seconds for all of it. */
demo_http_reply demo_http_get(const demo_http_server *server, const char *path, double seconds);

/** The same, from a port of this machine at which nobody listens. */
demo_http_reply demo_http_get_from_nobody(double seconds);

#endif
