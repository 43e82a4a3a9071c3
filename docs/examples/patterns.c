/* SPDX-License-Identifier: MIT */
/* Three connections for five clients, at most twenty requests at once and then fifty a second. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/patterns/patterns.h>
#include <weft/weft.h>

enum { CLIENTS = 5, REQUESTS = 6 };

/* [kind] */
struct connection {
    int number;
    int requests;
};

static void *connect_to(void *arg)
{
    atomic_int *connections = arg; /* several may be made at once */
    struct connection *connection = malloc(sizeof *connection);
    if (connection == NULL)
        return weft_raise(WEFT_NO_MEMORY, "no room for a connection");
    *connection = (struct connection){.number = ++*connections};
    return connection;
}

static void hang_up(void *resource, void *arg)
{
    (void)arg;
    free(resource);
}

static bool is_fresh(void *resource, void *arg)
{
    (void)arg;
    return ((struct connection *)resource)->requests < 10; /* what has served ten is replaced */
}
/* [kind] */

struct service {
    weft_resource_pool *pool;
    weft_rate_limiter *limiter;
};

/* [client] */
static void *be_a_client(void *arg)
{
    struct service *service = arg;
    for (int i = 0; i < REQUESTS; i++) {
        weft_loan loan;
        if (weft_rate_limiter_acquire_for(service->limiter, 60) != WEFT_OK)
            return weft_raise(WEFT_TIMEOUT, "too many requests");
        if (weft_resource_pool_borrow_for(service->pool, &loan, 60) != WEFT_OK)
            return weft_raise(WEFT_TIMEOUT, "no connection");
        ((struct connection *)loan.resource)->requests++;
        (void)weft_resource_pool_give_back(service->pool, &loan);
    }
    return NULL;
}
/* [client] */

/* [leaks] */
static size_t report_leaks(weft_resource_pool *pool, double seconds)
{
    weft_loan_info infos[8];
    size_t count = 0;
    (void)weft_resource_pool_loans(pool, seconds, infos, 8, &count);
    for (size_t i = 0; i < count && i < 8; i++)
        printf("%s has borrowed at line %d, %.3f s ago\n", infos[i].thread_name, infos[i].line,
               infos[i].seconds);
    return count;
}
/* [leaks] */

static int serve(struct service *service)
{
    weft_thread *clients[CLIENTS];
    int failures = 0;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = weft_thread_spawn(be_a_client, service);
    for (int i = 0; i < CLIENTS; i++) {
        failures += clients[i] == NULL || weft_thread_join(clients[i]) != WEFT_OK;
        weft_thread_free(clients[i]);
    }
    weft_loan forgotten;
    weft_resource_pool_stats stats;
    failures += weft_resource_pool_borrow(service->pool, &forgotten) != WEFT_OK;
    failures += report_leaks(service->pool, 0) != 1;
    failures += weft_resource_pool_give_back(service->pool, &forgotten) != WEFT_OK;
    (void)weft_resource_pool_get_stats(service->pool, &stats);
    printf("%d requests, %d connections, at most %d at once\n", (int)stats.borrowed - 1,
           (int)stats.created, (int)stats.peak);
    return failures + (stats.borrowed != CLIENTS * REQUESTS + 1) + (stats.peak > 3);
}

int main(void)
{
    atomic_int connections = 0;
    /* [make] */
    struct service service = {weft_resource_pool_new(3, .create = connect_to, .destroy = hang_up,
                                                     .validate = is_fresh, .arg = &connections,
                                                     .min_size = 1, .idle_timeout = 60),
                              weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 50, .burst = 20)};
    /* [make] */
    int failures = service.pool == NULL || service.limiter == NULL || serve(&service) != 0;
    weft_resource_pool_free(service.pool);
    weft_rate_limiter_free(service.limiter);
    return failures;
}
