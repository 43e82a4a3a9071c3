/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file tcp_connection_pool.c
 * @brief Four connections to two servers, for eighty requests
 *
 * Two echo servers, threads of this program, listen on ports of this machine. Eight clients send
 * ten requests each. A pool of four connections makes the next one to the server that has fewer,
 * and uses each again and again. Then server 1 ends. Its connections fail their test or their
 * request; they are discarded, new ones go to server 2, and the requests are sent once more.
 *
 * Source: locks, section 4.3.
 *
 * Look for: how many connections the servers have accepted, for how many answers.
 *
 * Facts:
 * - a connection for each request: eighty connections for eighty answers
 * - with the pool: eighty right answers, four connections, two to each server
 * - each of the eighty uses one that is there
 * - after server 1 has ended eighty of eighty are answered again, all by server 2
 * - never more than four connections are open; a port where nobody listens refuses
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo.h"
#include "demo_patterns.h"
#include "demo_thread.h"

enum { SERVERS = 2, CAPACITY = 4, CLIENTS = 8, EACH = 10, REQUESTS = CLIENTS * EACH };

/* ---- the servers: one thread each, which serves all its connections ---- */

enum { MOST_CONNECTIONS = 16 };

struct server {
    int listener;
    int wake[2]; /* a pipe: its end tells the server to end */
    in_port_t port;
    atomic_int accepted;
    atomic_int open; /* as the clients count it */
    atomic_bool gone;
    weft_thread *thread;
};

static struct server servers[SERVERS];

/* Sends back what it gets; false: the connection has ended. */
static bool echo(int connection)
{
    char text[64];
    ssize_t length = recv(connection, text, sizeof text, 0);
    return length > 0 && send(connection, text, (size_t)length, MSG_NOSIGNAL) == length;
}

static void *serve(void *arg)
{
    struct server *server = arg;
    struct pollfd ends[MOST_CONNECTIONS + 2] = {{.fd = server->wake[0], .events = POLLIN},
                                                {.fd = server->listener, .events = POLLIN}};
    nfds_t count = 2;
    while (poll(ends, count, -1) >= 0 && ends[0].revents == 0) {
        for (nfds_t i = count; i-- > 2;) {
            if (ends[i].revents != 0 && !echo(ends[i].fd)) {
                close(ends[i].fd);
                ends[i] = ends[--count];
            }
        }
        if (ends[1].revents != 0 && count < MOST_CONNECTIONS + 2) {
            int connection = accept(server->listener, NULL, NULL);
            if (connection >= 0) {
                ends[count++] = (struct pollfd){.fd = connection, .events = POLLIN};
                server->accepted++;
            }
        }
    }
    for (nfds_t i = 1; i < count; i++)
        close(ends[i].fd);
    return arg;
}

/* A socket with a port of its own, on which nobody listens yet; -1: there is none. */
static int own_port(in_port_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (end < 0 || bind(end, (struct sockaddr *)&address, length) != 0 ||
        getsockname(end, (struct sockaddr *)&address, &length) != 0)
        return -1;
    *port = address.sin_port;
    return end;
}

static bool start_server(struct server *server, int number)
{
    server->listener = own_port(&server->port);
    if (server->listener < 0 || pipe(server->wake) != 0 ||
        listen(server->listener, MOST_CONNECTIONS) != 0)
        return false;
    server->thread = demo_spawn(serve, server, "server-%d", number);
    return true;
}

static void stop_server(struct server *server)
{
    server->gone = true;
    close(server->wake[1]);
    demo_join(server->thread);
    close(server->wake[0]);
}

/* ---- the connections ---- */

struct connection {
    int socket;
    struct server *server;
};

static demo_crowd all_open;

static int connect_to(in_port_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (end >= 0 && connect(end, (struct sockaddr *)&address, sizeof address) != 0) {
        close(end);
        return -1;
    }
    return end;
}

static weft_lock choice = WEFT_LOCK_INIT; /* or two would choose the same server at once */

static struct server *least_used(void)
{
    WEFT_HOLD(&choice);
    struct server *best = NULL;
    for (int i = 0; i < SERVERS; i++)
        if (!servers[i].gone && (best == NULL || servers[i].open < best->open))
            best = &servers[i];
    if (best != NULL)
        best->open++;
    return best;
}

static void *open_connection(void *arg)
{
    (void)arg;
    struct server *server = least_used();
    if (server == NULL)
        return weft_raise(WEFT_USER, "all servers have ended");
    demo_crowd_enter(&all_open);
    int end = connect_to(server->port);
    if (end < 0) {
        demo_crowd_leave(&all_open);
        server->open--;
        return weft_raise(WEFT_USER, "port %d: %s", ntohs(server->port), strerror(errno));
    }
    struct connection *connection = demo_must(malloc(sizeof *connection));
    *connection = (struct connection){.socket = end, .server = server};
    return connection;
}

static void close_connection(void *resource, void *arg)
{
    (void)arg;
    struct connection *connection = resource;
    connection->server->open--;
    close(connection->socket);
    demo_crowd_leave(&all_open);
    free(connection);
}

/* Nothing is on its way between two requests: what can be read now is the end. */
static bool is_connected(void *resource, void *arg)
{
    (void)arg;
    struct pollfd end = {.fd = ((struct connection *)resource)->socket, .events = POLLIN};
    return poll(&end, 1, 0) == 0;
}

/* ---- the clients ---- */

static weft_resource_pool *pool;
static atomic_int right;
static atomic_int by_server[SERVERS];
static atomic_int tried_again;

static bool ask(const struct connection *connection, const char *question)
{
    char answer[64] = "";
    size_t length = strlen(question);
    size_t got = 0;
    if (send(connection->socket, question, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    while (got < length) {
        ssize_t more = recv(connection->socket, answer + got, length - got, 0);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return strcmp(answer, question) == 0;
}

static bool ask_through_pool(const char *question)
{
    weft_loan loan;
    if (weft_resource_pool_borrow_for(pool, &loan, DEMO_PATIENCE) != WEFT_OK)
        return false;
    const struct connection *connection = loan.resource;
    if (!ask(connection, question)) {
        weft_resource_pool_discard(pool, &loan);
        return false;
    }
    by_server[connection->server - servers]++;
    weft_resource_pool_give_back(pool, &loan);
    return true;
}

static void *client(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        char question[32];
        snprintf(question, sizeof question, "%s asks %d", weft_thread_name(weft_thread_current()),
                 i);
        bool answered = ask_through_pool(question);
        for (int again = 0; !answered && again < CAPACITY; again++) {
            tried_again++;
            answered = ask_through_pool(question);
        }
        right += answered;
        demo_sleep(0.02);
    }
    return arg;
}

static void run_clients(void)
{
    weft_thread *clients[CLIENTS];
    right = by_server[0] = by_server[1] = 0;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = demo_spawn(client, NULL, "client-%d", i);
    demo_join_all(CLIENTS, clients);
    demo_say("%d right answers: %d of server 1, %d of server 2", right, by_server[0], by_server[1]);
}

static void without_pool(void)
{
    demo_part("A connection for each request");
    int answered = 0;
    for (int i = 0; i < REQUESTS; i++) {
        struct connection *connection = open_connection(NULL);
        if (connection == WEFT_RAISED)
            break;
        answered += ask(connection, "question");
        close_connection(connection, NULL);
    }
    int accepted = servers[0].accepted + servers[1].accepted;
    demo_say("%d answers, %d connections", answered, accepted);
    CHECK(answered == REQUESTS && accepted == REQUESTS, "eighty connections for eighty answers");
}

static weft_resource_pool_stats look(void)
{
    weft_resource_pool_stats stats = demo_pool_stats(pool);
    demo_say("pool: %d made, %d destroyed; %d loans, %d of idle ones", (int)stats.created,
             (int)stats.destroyed, (int)stats.borrowed, (int)stats.reused);
    return stats;
}

static void with_pool(void)
{
    demo_part("A pool of four");
    servers[0].accepted = servers[1].accepted = 0;
    all_open = (demo_crowd){.inside = 0};
    pool =
        demo_must(weft_resource_pool_new(CAPACITY, .min_size = CAPACITY, .create = open_connection,
                                         .destroy = close_connection, .validate = is_connected));
    run_clients();
    weft_resource_pool_stats counts = look();
    CHECK(right == REQUESTS, "eighty right answers");
    CHECK(servers[0].accepted == 2 && servers[1].accepted == 2 && counts.created == CAPACITY,
          "four connections, two to each server");
    CHECK(counts.reused == REQUESTS, "each request used one that was there");
}

static void one_server_less(void)
{
    demo_part("Server 1 ends");
    stop_server(&servers[0]);
    weft_resource_pool_maintain(pool); /* tests each, and replaces what does not pass */
    run_clients();
    CHECK(right == REQUESTS && by_server[0] == 0, "eighty right answers again, all by server 2");
    CHECK(all_open.peak == CAPACITY, "never more than four connections were open");
    weft_resource_pool_stats counts = look();
    CHECK(counts.destroyed == 2 && counts.created == CAPACITY + 2,
          "the two that led to server 1 were replaced");
    in_port_t port;
    int silent = own_port(&port);
    CHECK(silent >= 0 && connect_to(port) < 0, "a port where nobody listens refuses");
    close(silent);
}

int main(void)
{
    demo_begin("Four connections to two servers, for eighty requests");
    for (int i = 0; i < SERVERS; i++)
        if (!start_server(&servers[i], i + 1))
            return demo_skip("no sockets on this machine");
    without_pool();
    with_pool();
    one_server_less();
    CHECK(weft_resource_pool_close(pool) == WEFT_OK && all_open.inside == 0,
          "the pool is closed, and all connections with it");
    weft_resource_pool_free(pool);
    stop_server(&servers[1]);
    return demo_end();
}
