/* SPDX-License-Identifier: MIT */
/* The allocator: replaced, counted, refused, restored. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"

/* A dirty allocator that counts, and can be poor. */
struct ledger {
    uint32_t allocated;
    uint32_t released;
    bool poor;
};

static void *dirty_allocate(size_t size, void *context)
{
    struct ledger *ledger = context;
    if (ledger->poor)
        return NULL;
    wefti_fetch_add(&ledger->allocated, 1, RELAXED);
    void *memory = malloc(size);
    return memory != NULL ? memset(memory, 0xA5, size) : NULL;
}

static void counted_release(void *memory, void *context)
{
    struct ledger *ledger = context;
    WITNESS(memory != NULL);
    wefti_fetch_add(&ledger->released, 1, RELAXED);
    free(memory);
}

static weft_allocator writes_to(struct ledger *ledger)
{
    return (weft_allocator){dirty_allocate, counted_release, ledger};
}

static void set(struct ledger *ledger)
{
    weft_allocator allocator = writes_to(ledger);
    assert_int_equal(weft_set_allocator(&allocator), WEFT_OK);
    allocator = (weft_allocator){0}; /* it has been copied */
}

static void assert_ledger(const struct ledger *ledger, uint32_t allocated, uint32_t released)
{
    assert_int_equal(ledger->allocated, allocated);
    assert_int_equal(ledger->released, released);
}

TEST(memory_is_zeroed)
{
    struct ledger ledger = {.poor = false};
    set(&ledger);
    for (size_t size = 1; size < 3000; size = size * 3 + 1) {
        unsigned char *memory = wefti_allocate(size);
        assert_non_null(memory);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        wefti_release(memory);
    }
}

TEST(an_allocator_is_used_for_both)
{
    struct ledger ledger = {.poor = false};
    set(&ledger);
    void *one = wefti_allocate(1);
    void *two = wefti_allocate(2);
    assert_ledger(&ledger, 2, 0);
    wefti_release(one);
    assert_ledger(&ledger, 2, 1);
    wefti_release(NULL);
    wefti_release(two);
    assert_ledger(&ledger, 2, 2);
}

static void *just_return(void *arg)
{
    return arg;
}

TEST(handles_come_from_the_allocator_and_go_back)
{
    struct ledger ledger = {.poor = false};
    set(&ledger);
    struct crew crew = crew_start(5, just_return, NULL);
    assert_true(ledger.allocated >= 5);
    crew_join(&crew);
    assert_int_equal(ledger.released, ledger.allocated);
}

TEST(an_allocator_in_use_cannot_be_replaced)
{
    struct ledger first = {.poor = false};
    struct ledger second = {.poor = false};
    const weft_allocator other = writes_to(&second);
    set(&first);
    void *memory = wefti_allocate(10);
    assert_int_equal(weft_set_allocator(&other), WEFT_RUNTIME);
    assert_int_equal(weft_set_allocator(NULL), WEFT_RUNTIME);
    wefti_release(memory);
    wefti_release(wefti_allocate(10));
    assert_ledger(&first, 2, 2);
    assert_int_equal(weft_set_allocator(&other), WEFT_OK);
    wefti_release(wefti_allocate(10));
    assert_ledger(&first, 2, 2);
    assert_ledger(&second, 1, 1);
}

TEST(an_allocator_has_two_functions)
{
    struct ledger ledger = {.poor = false};
    weft_allocator no_allocate = writes_to(&ledger);
    weft_allocator no_release = writes_to(&ledger);
    no_allocate.allocate = NULL;
    no_release.release = NULL;
    set(&ledger);
    assert_int_equal(weft_set_allocator(&no_allocate), WEFT_VALUE_ERROR);
    assert_int_equal(weft_set_allocator(&no_release), WEFT_VALUE_ERROR);
    wefti_release(wefti_allocate(10));
    assert_ledger(&ledger, 1, 1); /* still the one in use */
}

TEST(null_brings_malloc_back)
{
    struct ledger ledger = {.poor = true};
    set(&ledger);
    assert_null(wefti_allocate(10));
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
    void *memory = wefti_allocate(10);
    assert_non_null(memory);
    wefti_release(memory);
    assert_ledger(&ledger, 0, 0);
}

TEST(where_there_is_no_memory_there_is_null)
{
    struct ledger ledger = {.poor = true};
    set(&ledger);
    assert_null(wefti_allocate(10));
    weft_thread *thread = weft_thread_spawn(just_return, NULL);
    assert_null(thread);
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    /* What was not given is not in use. */
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
    struct crew crew = crew_start(1, just_return, NULL);
    crew_join(&crew);
}

TEST(libraries_on_top_share_the_allocator)
{
    struct ledger ledger = {.poor = false};
    set(&ledger);
    unsigned char *memory = weft_allocate(100);
    assert_non_null(memory);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(memory[i], 0);
    assert_int_equal(weft_set_allocator(NULL), WEFT_RUNTIME); /* it is in use */
    weft_free(memory);
    weft_free(NULL);
    assert_ledger(&ledger, 1, 1);
    ledger.poor = true;
    assert_null(weft_allocate(100));
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}
