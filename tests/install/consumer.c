/* SPDX-License-Identifier: MIT */
/* A program that uses weft as it finds it installed: a thread, a lock, the version. */
#include <stdio.h>

#include <weft/weft.h>

#if defined(__has_include)
#if __has_include(<lock.h>)
#error "include/weft itself must not be on the include path"
#endif
#endif

static weft_lock lock = WEFT_LOCK_INIT;
static int counter;

static void *count(void *arg)
{
    WEFT_WITH(&lock) {
        counter++;
    }
    return arg;
}

int main(void)
{
    weft_thread *thread = weft_thread_spawn(count, &counter, .name = "counter");
    if (thread == NULL || weft_thread_join(thread) != WEFT_OK)
        return 1;
    int as_promised = counter == 1 && weft_thread_value(thread) == &counter &&
                      weft_version() == WEFT_VERSION && weft_sizeof(WEFT_KIND_LOCK) == sizeof lock;
    weft_thread_free(thread);
    printf("weft %d: %s\n", weft_version(), as_promised ? "ok" : "wrong");
    return as_promised ? 0 : 1;
}
