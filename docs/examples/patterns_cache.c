/* SPDX-License-Identifier: MIT */
/* Five clients ask for ten pages, each of which is rendered once, while it is asked for by several. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/patterns/patterns.h>
#include <weft/weft.h>

enum { CLIENTS = 5, PAGES = 10 };

static atomic_int rendered;

/* [compute] */
struct page {
    size_t length;
    char text[64];
};

static void *render(void *arg)
{
    const char *name = arg;
    struct page *page = malloc(sizeof *page);
    if (page == NULL)
        return weft_raise(WEFT_NO_MEMORY, "no room for %s", name);
    page->length = (size_t)snprintf(page->text, sizeof page->text, "<h1>%s</h1>", name);
    rendered++;
    return page;
}

static void end_page(void *value, void *arg)
{
    (void)arg;
    free(value);
}

static size_t length_of(const void *value, void *arg)
{
    (void)arg;
    return ((const struct page *)value)->length;
}
/* [compute] */

/* [client] */
static void *be_a_client(void *arg)
{
    weft_lru_cache *pages = arg;
    for (int i = 0; i < PAGES; i++) {
        char name[16];
        int length = snprintf(name, sizeof name, "page %d", i);
        weft_lru_handle page;
        if (weft_lru_cache_get_or_compute(pages, name, (size_t)length, render, name, &page) !=
            WEFT_OK)
            return weft_raise(WEFT_FAILED, "%s cannot be shown", name);
        if (strstr(((struct page *)page.value)->text, name) == NULL)
            return weft_raise(WEFT_FAILED, "that is not %s", name);
        (void)weft_lru_cache_release(pages, &page);
    }
    return NULL;
}
/* [client] */

int main(void)
{
    /* [make] */
    weft_lru_cache *pages =
        weft_lru_cache_new(4096, .charge = length_of, .destroy = end_page, .ttl = 3600);
    /* [make] */
    if (pages == NULL)
        return 1;
    weft_thread *clients[CLIENTS];
    int failures = 0;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = weft_thread_spawn(be_a_client, pages);
    for (int i = 0; i < CLIENTS; i++) {
        failures += clients[i] == NULL || weft_thread_join(clients[i]) != WEFT_OK;
        weft_thread_free(clients[i]);
    }
    weft_lru_cache_stats stats;
    (void)weft_lru_cache_get_stats(pages, &stats);
    printf("%d asked for, %d rendered, %d bytes kept\n", (int)(stats.hits + stats.misses),
           (int)stats.loads, (int)stats.charged);
    weft_lru_cache_free(pages);
    return failures != 0 || rendered != PAGES;
}
