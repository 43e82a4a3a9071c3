/* SPDX-License-Identifier: MIT */
/* Where a queue's memory comes from: none before it is needed, none for each item, none lost. */
#include "queue_help.h"

#include <stdlib.h>

#include "faulty_memory.h"
#include "queue/storage.h"

enum { BURST = 100000, STEADY = 20000 };

/* ---- an allocator that counts bytes ------------------------------------------------------ */

static size_t in_use;
static size_t calls;

static void *count_allocate(size_t size, void *context)
{
    size_t *block = malloc(size + 16);
    (void)context;
    if (block == NULL)
        return NULL;
    *block = size;
    in_use += size;
    calls++;
    return block + 2;
}

static void count_release(void *memory, void *context)
{
    size_t *block = (size_t *)memory - 2;
    (void)context;
    in_use -= *block;
    free(block);
}

static void count_bytes(void)
{
    const weft_allocator counting = {count_allocate, count_release, NULL};
    assert_int_equal(weft_set_allocator(&counting), WEFT_OK);
}

TEST(a_queue_owns_no_memory_before_its_first_item)
{
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        init(&queue, order, 0);
        assert_int_equal(try_get(&queue), WEFT_EMPTY);
        assert_int_equal(weft_queue_clear(&queue), WEFT_OK);
        assert_int_equal(calls, 0);
        put(&queue, 1);
        assert_true(in_use > 0);
        assert_true(in_use <= 4096);
        destroy(&queue);
        assert_int_equal(in_use, 0);
        calls = 0;
    }
}

TEST(a_steady_queue_does_not_allocate)
{
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        init(&queue, order, 0);
        for (int i = 0; i < 100; i++)
            put(&queue, i);
        size_t before = calls;
        for (int i = 0; i < STEADY; i++) {
            put(&queue, i % 1000);
            (void)get(&queue);
        }
        assert_true(calls <= before + 2); /* not one an item: at most the spare chunk */
        while (try_get(&queue) == WEFT_OK)
            ;
        before = calls;
        for (int i = 0; i < STEADY; i++) { /* empty, one item, empty */
            put(&queue, i);
            assert_int_equal(get(&queue), i);
        }
        assert_int_equal(calls, before);
        destroy(&queue);
    }
}

TEST(a_bounded_queue_allocates_what_it_needs_once)
{
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_PRIORITY; order++) {
        weft_queue queue;
        calls = 0;
        init(&queue, order, 5000);
        for (int round = 0; round < 3; round++) {
            while (try_put(&queue, 1) == WEFT_OK)
                ;
            while (try_get(&queue) == WEFT_OK)
                ;
        }
        size_t before = calls;
        assert_true(before <= 10);
        for (int round = 0; round < 10; round++) {
            while (try_put(&queue, 1) == WEFT_OK)
                ;
            while (try_get(&queue) == WEFT_OK)
                ;
        }
        assert_int_equal(calls, before);
        destroy(&queue);
    }
}

TEST(an_unbounded_queue_gives_memory_back_after_a_burst)
{
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        init(&queue, order, 0);
        for (int i = 0; i < BURST; i++)
            put(&queue, (int)((unsigned)i * 2654435761U % 1000));
        assert_true(in_use >= BURST * sizeof(int));
        for (int i = 0; i < BURST - 10; i++)
            (void)get(&queue);
        assert_int_equal(weft_queue_qsize(&queue), 10);
        assert_true(in_use <= 3 * 4096); /* as soon as it is nearly empty */
        destroy(&queue);
        assert_int_equal(in_use, 0);
    }
}

TEST(an_unbounded_queue_that_is_emptied_at_once_gives_memory_back)
{
    static int numbers[BURST];
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        size_t n = 0;
        init(&queue, order, 0);
        assert_int_equal(weft_queue_put_many(&queue, numbers, BURST, &n), WEFT_OK);
        assert_int_equal(n, BURST);
        assert_int_equal(weft_queue_get_many(&queue, numbers, BURST, &n), WEFT_OK);
        assert_int_equal(n, BURST);
        assert_true(in_use <= 3 * 4096);
        put(&queue, 1);
        assert_int_equal(get(&queue), 1);
        destroy(&queue);
        assert_int_equal(in_use, 0);
    }
}

/* ---- a bound that grows ------------------------------------------------------------------ */

/* The items of a full queue stay in order, and more of them take as little memory as ever. */
static void lift_bound(weft_queue_order order, size_t maxsize, size_t then)
{
    enum { MANY = 20000 };
    weft_queue queue;
    int n = 0;
    calls = 0;
    init(&queue, order, maxsize);
    while (try_put(&queue, n) == WEFT_OK)
        n++;
    if (order == WEFT_QUEUE_FIFO) { /* not at the beginning of its memory */
        assert_int_equal(get(&queue), 0);
        put(&queue, n++);
    }
    assert_int_equal(weft_queue_set_maxsize(&queue, then), WEFT_OK);
    while (n < MANY && try_put(&queue, n) == WEFT_OK)
        n++;
    assert_int_equal(n, then == 0 ? MANY : then + (order == WEFT_QUEUE_FIFO));
    assert_true(calls <= 5 + MANY / 1000);
    for (int i = order == WEFT_QUEUE_FIFO; i < n; i++)
        assert_int_equal(get(&queue), order == WEFT_QUEUE_LIFO ? n - 1 - i : i);
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    destroy(&queue);
    assert_int_equal(in_use, 0);
}

TEST(a_queue_whose_bound_is_lifted_allocates_no_more_than_others)
{
    static const size_t bounds[] = {1, 2, 3, 500, 1015, 1016, 1017};
    count_bytes();
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_LIFO; order++)
        for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
            lift_bound(order, bounds[i], 0);
            lift_bound(order, bounds[i], bounds[i] + 1);
            lift_bound(order, bounds[i], 5000);
        }
}

static weft_queue *growing; /* items come with an allocation for it */
static int meanwhile;       /* so many come with the next one */

static void *fill_allocate(size_t size, void *context)
{
    weft_queue *queue = growing;
    growing = NULL;
    for (; queue != NULL && meanwhile > 0; meanwhile--)
        put(queue, 1);
    return count_allocate(size, context);
}

/* A chunk that is a little larger does not take over what has become too much for it meanwhile. */
TEST(a_larger_chunk_loses_nothing_that_comes_while_it_is_brought)
{
    enum { BEFORE = 1015, BEGIN = 1000, BATCH = BEFORE - BEGIN + 1 };
    const weft_allocator allocator = {fill_allocate, count_release, NULL};
    weft_queue queue;
    int batch[BATCH];
    size_t n = 0;
    assert_int_equal(weft_set_allocator(&allocator), WEFT_OK);
    init(&queue, WEFT_QUEUE_FIFO, BEFORE);
    for (int i = 0; i < BEFORE; i++)
        put(&queue, 0);
    for (int i = 0; i < BEGIN; i++)
        (void)get(&queue);
    for (int i = 0; i < BEGIN; i++)
        put(&queue, 0);
    assert_int_equal(weft_queue_set_maxsize(&queue, 0), WEFT_OK);
    for (int i = 0; i < BATCH; i++)
        batch[i] = 2;
    growing = &queue;
    meanwhile = BATCH - 1; /* all the room that there is */
    assert_int_equal(weft_queue_put_many(&queue, batch, BATCH, &n), WEFT_OK);
    assert_int_equal(n, BATCH);
    assert_int_equal(meanwhile, 0);
    for (int i = 0; i < BEFORE + BATCH - 1 + BATCH; i++)
        assert_int_equal(get(&queue), i < BEFORE ? 0 : i < BEFORE + BATCH - 1 ? 1 : 2);
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    destroy(&queue);
    assert_int_equal(in_use, 0);
}

/* ---- a list of a queue that grows ------------------------------------------------------- */

static void *grow_allocate(size_t size, void *context)
{
    weft_queue *queue = growing;
    growing = NULL;
    if (queue != NULL)
        put(queue, 1);
    growing = ++calls < 100 ? queue : NULL;
    return count_allocate(size, context);
}

TEST(a_list_does_not_wait_until_the_queue_stops_growing)
{
    const weft_allocator allocator = {grow_allocate, count_release, NULL};
    assert_int_equal(weft_set_allocator(&allocator), WEFT_OK);
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        size_t n = 0;
        init(&queue, order, 0);
        for (int i = 0; i < 50; i++)
            put(&queue, 1);
        calls = 0;
        growing = &queue;
        void *list = weft_queue_list(&queue, &n);
        growing = NULL;
        assert_non_null(list);
        assert_true(n > 50);
        assert_true(calls < 10);
        weft_queue_list_free(list);
        destroy(&queue);
    }
}

/* A chunk's items are counted in 32 bits. */
TEST(a_block_of_more_items_than_can_be_counted_is_refused)
{
    const weft_queue queue = {.item_size = 1};
    assert_int_equal(wefti_queue_fifo.bytes(&queue, SIZE_MAX), 0);
#if SIZE_MAX > UINT32_MAX
    assert_int_not_equal(wefti_queue_fifo.bytes(&queue, UINT32_MAX), 0);
    assert_int_equal(wefti_queue_fifo.bytes(&queue, (size_t)UINT32_MAX + 1), 0);
#endif
}

/* ---- no memory --------------------------------------------------------------------------- */

/* Puts until the n-th allocation fails; what was put is there, and it works on. */
static void fail_at(weft_queue_order order, size_t fail_at)
{
    struct faulty_memory memory = {.fail_at = fail_at};
    weft_queue queue;
    int n = 0;
    faulty_memory_begin(&memory);
    init(&queue, order, 0);
    while (weft_queue_put(&queue, &n) == WEFT_OK)
        n++;
    assert_int_equal(atomic_load(&memory.calls), fail_at);
    assert_int_equal(weft_queue_qsize(&queue), n);
    put(&queue, n); /* the next one succeeds */
    for (int i = 0; i <= n; i++)
        assert_int_equal(get(&queue), order == WEFT_QUEUE_LIFO ? n - i : i);
    weft_queue_state state;
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_int_equal(state.unfinished, n + 1);
    destroy(&queue);
    faulty_memory_end(&memory);
}

TEST(a_put_without_memory_says_so_and_loses_nothing)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++)
        for (size_t call = 1; call <= 4; call++)
            fail_at(order, call);
}

TEST(a_batch_without_memory_puts_what_fits)
{
    static int numbers[3000];
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        struct faulty_memory memory = {.fail_at = order == WEFT_QUEUE_PRIORITY ? 2 : 3};
        weft_queue queue;
        size_t n = 0;
        faulty_memory_begin(&memory);
        init(&queue, order, 0);
        put(&queue, 1);
        assert_int_equal(weft_queue_put_many(&queue, numbers, 3000, &n), WEFT_OK);
        assert_true(n > 0 && n < 3000);
        assert_int_equal(weft_queue_qsize(&queue), n + 1);
        memory.fail_at = 0;
        assert_int_equal(weft_queue_put_many(&queue, numbers, 3000, &n), WEFT_OK);
        assert_int_equal(n, 3000);
        destroy(&queue);
        faulty_memory_end(&memory);
    }
}

TEST(a_batch_without_any_memory_puts_nothing)
{
    int numbers[3] = {1, 2, 3};
    size_t n = 9;
    struct faulty_memory memory = {.fail_at = 1};
    weft_queue queue;
    faulty_memory_begin(&memory);
    init(&queue, WEFT_QUEUE_FIFO, 0);
    assert_int_equal(weft_queue_put_many(&queue, numbers, 3, &n), WEFT_NO_MEMORY);
    assert_int_equal(n, 9);
    assert_true(weft_queue_empty(&queue));
    destroy(&queue);
    faulty_memory_end(&memory);
}

TEST(a_list_and_a_new_queue_without_memory_say_so)
{
    const weft_queue_options options = {.struct_size = sizeof options, .item_size = sizeof(int)};
    struct faulty_memory memory = {.fail_at = 1};
    weft_queue queue;
    size_t n = 9;
    faulty_memory_begin(&memory);
    assert_null(weft_queue_new_with(WEFT_QUEUE_FIFO, &options));
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    init(&queue, WEFT_QUEUE_PRIORITY, 0);
    put(&queue, 2);
    put(&queue, 1);
    for (size_t call = 1; call <= 2; call++) {
        atomic_store(&memory.calls, 0);
        memory.fail_at = call;
        assert_null(weft_queue_list(&queue, &n));
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        assert_int_equal(n, 9);
    }
    int *list = weft_queue_list(&queue, &n);
    assert_non_null(list);
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 1);
    assert_int_equal(list[1], 2);
    weft_queue_list_free(list);
    destroy(&queue);
    faulty_memory_end(&memory);
}

TEST(a_smaller_heap_without_memory_stays_as_it_is)
{
    struct faulty_memory memory = {.fail_at = 0};
    weft_queue queue;
    faulty_memory_begin(&memory);
    init(&queue, WEFT_QUEUE_PRIORITY, 0);
    for (int i = 0; i < 1000; i++)
        put(&queue, 999 - i);
    memory.fail_at = atomic_load(&memory.calls) + 1;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(get(&queue), i);
    assert_true(atomic_load(&memory.calls) > memory.fail_at);
    destroy(&queue);
    faulty_memory_end(&memory);
}

/* ---- who waits for room ------------------------------------------------------------------ */

static _Atomic(size_t) refuse; /* so many allocations fail, of small blocks: not a thread's */

static void *refuse_allocate(size_t size, void *context)
{
    size_t n = atomic_load(&refuse);
    (void)context;
    while (n != 0 && size < 64)
        if (atomic_compare_exchange_weak(&refuse, &n, n - 1))
            return NULL;
    return malloc(size);
}

static void refuse_release(void *memory, void *context)
{
    (void)context;
    free(memory);
}

/* The first putter finds no memory when its turn comes: it says so, and the next one's turn comes. */
TEST(a_putter_without_memory_leaves_its_turn_to_the_next)
{
    const weft_allocator refusing = {refuse_allocate, refuse_release, NULL};
    weft_queue queue;
    struct call putters[2];
    assert_int_equal(weft_set_allocator(&refusing), WEFT_OK);
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 1);
    put(&queue, 2);
    assert_int_equal(weft_queue_set_maxsize(&queue, 1), WEFT_OK);
    atomic_store(&refuse, SIZE_MAX);
    start_putter(&putters[0], &queue, 3);
    start_putter(&putters[1], &queue, 4);
    atomic_store(&refuse, 1);
    assert_int_equal(weft_queue_set_maxsize(&queue, 3), WEFT_OK);
    weft_status first = ended(&putters[0]);
    weft_status second = ended(&putters[1]);
    assert_true((first == WEFT_NO_MEMORY) + (second == WEFT_NO_MEMORY) == 1);
    assert_true((first == WEFT_OK) + (second == WEFT_OK) == 1);
    assert_int_equal(weft_queue_qsize(&queue), 3);
    assert_int_equal(get(&queue), 1);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(get(&queue), first == WEFT_OK ? 3 : 4);
    destroy(&queue);
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}

TEST(putters_bring_the_memory_that_was_not_there_when_they_came)
{
    const weft_allocator refusing = {refuse_allocate, refuse_release, NULL};
    weft_queue queue;
    struct call putters[3];
    assert_int_equal(weft_set_allocator(&refusing), WEFT_OK);
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 1);
    put(&queue, 2);
    atomic_store(&refuse, SIZE_MAX);
    for (int i = 0; i < 3; i++)
        start_putter(&putters[i], &queue, 3 + i);
    atomic_store(&refuse, 0);
    for (int i = 1; i <= 5; i++)
        assert_int_equal(get(&queue), i);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ended(&putters[i]), WEFT_OK);
    destroy(&queue);
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}

/* Small chunks that have been filled before the bound grew: the memory that it brings replaces them. */
TEST(who_waits_for_room_has_brought_memory_after_the_bound_has_grown)
{
    const weft_allocator refusing = {refuse_allocate, refuse_release, NULL};
    weft_queue queue;
    struct call putters[2];
    assert_int_equal(weft_set_allocator(&refusing), WEFT_OK);
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 1);
    put(&queue, 2);
    start_putter(&putters[0], &queue, 3);
    assert_int_equal(get(&queue), 1);
    assert_int_equal(weft_queue_set_maxsize(&queue, 3), WEFT_OK);
    put(&queue, 4);
    start_putter(&putters[1], &queue, 5);
    atomic_store(&refuse, SIZE_MAX);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(weft_queue_qsize(&queue), 3); /* the putter's item has come in with that */
    for (int i = 3; i <= 5; i++)
        assert_int_equal(get(&queue), i);
    assert_int_equal(ended(&putters[0]), WEFT_OK);
    assert_int_equal(ended(&putters[1]), WEFT_OK);
    atomic_store(&refuse, 0);
    destroy(&queue);
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}

static _Atomic(weft_thread *) slow; /* this thread's allocations wait for the gate */
static atomic_bool at_gate;
static atomic_bool gate;

static void *slow_allocate(size_t size, void *context)
{
    if (size < 64 && weft_thread_current() == atomic_load(&slow)) {
        atomic_store(&at_gate, true);
        EVENTUALLY(atomic_load(&gate));
    }
    return refuse_allocate(size, context);
}

/* While it is out, nobody is served behind it, but a running thread may take the room. */
TEST(a_putter_that_was_sent_for_memory_keeps_its_place)
{
    const weft_allocator slowly = {slow_allocate, refuse_release, NULL};
    weft_queue queue;
    struct call putters[2];
    assert_int_equal(weft_set_allocator(&slowly), WEFT_OK);
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 1);
    put(&queue, 2);
    atomic_store(&refuse, SIZE_MAX);
    start_putter(&putters[0], &queue, 3);
    start_putter(&putters[1], &queue, 4);
    atomic_store(&refuse, 0);
    atomic_store(&slow, putters[0].thread);
    assert_int_equal(get(&queue), 1);
    EVENTUALLY(atomic_load(&at_gate));
    assert_int_equal(weft_queue_putters(&queue), 1);
    assert_int_equal(try_put(&queue, 5), WEFT_OK); /* with memory of its own */
    assert_int_equal(weft_queue_putters(&queue), 1);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(weft_queue_putters(&queue),
                     1); /* there is room and memory, and it is not its turn */
    assert_int_equal(try_put(&queue, 6), WEFT_OK);
    atomic_store(&gate, true);
    EVENTUALLY(weft_queue_putters(&queue) == 2);
    for (int i = 0; i < 4; i++) {
        static const int expected[] = {5, 6, 3, 4};
        assert_int_equal(get(&queue), expected[i]);
    }
    assert_int_equal(ended(&putters[0]), WEFT_OK);
    assert_int_equal(ended(&putters[1]), WEFT_OK);
    destroy(&queue);
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}
