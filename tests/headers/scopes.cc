// SPDX-License-Identifier: MIT
// The scopes and initialisers in C++17: guards are objects, conditions are initialised statically.
#include <weft/weft.h>

#include <stdexcept>

#undef NDEBUG
#include <cassert>

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static weft_condition own = WEFT_CONDITION_INIT;
static weft_condition over_lock = WEFT_CONDITION_INIT_ON(&lock);
static weft_condition over_rlock = WEFT_CONDITION_INIT_ON(&rlock);
static WEFT_LOCAL_OF(int) number = WEFT_LOCAL_OF_INIT(nullptr, nullptr, nullptr, nullptr);
static weft_namespace names = WEFT_NAMESPACE_INIT(nullptr, nullptr);

/* Before any initialiser that runs: what is static must be ready. */
static bool ready_early;
__attribute__((constructor(200))) static void look_early()
{
    WEFT_WITH(&over_lock) {
        ready_early = weft_lock_locked(&lock);
    }
}

static void throw_inside()
{
    WEFT_WITH(&rlock) {
        WEFT_HOLD(&own);
        throw std::runtime_error("out of a block");
    }
}

static void throw_with_another()
{
    static int other;
    WEFT_LOCAL_WITH(&number.local, &other) {
        assert(WEFT_LOCAL_GET(&number) == &other);
        throw std::runtime_error("out of a block");
    }
}

static void *throw_it(void *arg)
{
    throw std::runtime_error(static_cast<const char *>(arg));
}

/* A Local's value, its block, an initializer and a context that are left by an exception. */
static void use_locals()
{
    static int seven = 7;
    static char text[] = "thrown";
    assert(WEFT_LOCAL_SET(&number, &seven) == WEFT_OK);
    try {
        throw_with_another();
        assert(false);
    } catch (const std::runtime_error &) {
    }
    assert(*WEFT_LOCAL_GET(&number) == 7);
    weft_local thrown = WEFT_LOCAL_INIT(throw_it, text, nullptr, nullptr);
    for (int i = 0; i < 2; i++)
        try {
            weft_local_get(&thrown);
            assert(false);
        } catch (const std::runtime_error &) {
        }
    assert(weft_local_destroy(&thrown) == WEFT_OK);
    weft_context *context = weft_context_capture();
    try {
        weft_context_run(context, throw_it, text);
        assert(false);
    } catch (const std::runtime_error &) {
    }
    assert(weft_context_attach(context) == WEFT_OK && weft_context_detach(context) == WEFT_OK);
    weft_context_free(context);
    assert(weft_namespace_set(&names, "seven", &seven, nullptr) == WEFT_OK);
    assert(weft_namespace_get(&names, "seven") == &seven);
}

/* A walk is an object too: leaving it by an exception gives its futures back. */
static void walk()
{
    weft_future_options options = {};
    options.struct_size = sizeof options;
    weft_future *futures[] = {weft_future_new_with(&options), weft_future_new_with(&options)};
    weft_future *future = nullptr;
    weft_status status = WEFT_OK;
    int seen = 0;
    assert(weft_future_set_result(futures[1], &seen) == WEFT_OK);
    try {
        WEFT_AS_COMPLETED(future, 2, futures, WEFT_FOREVER, status) {
            seen += future == futures[1];
            throw std::runtime_error("out of a walk");
        }
    } catch (const std::runtime_error &) {
    }
    WEFT_AS_COMPLETED(future, 2, futures, 0, status) {
        seen += future == futures[1];
    }
    assert(seen == 2 && status == WEFT_TIMEOUT);
    weft_future_free(futures[0]);
    weft_future_free(futures[1]);
}

int main()
{
    weft_status status = WEFT_TIMEOUT;
    int blocks = 0;
    assert(ready_early);
    WEFT_WITH(&over_rlock) {
        blocks += weft_rlock_depth(&rlock) == 1;
    }
    WEFT_WITH_FOR(&own, 0.5, status) {
        blocks += status == WEFT_OK;
    }
    WEFT_WITH_ALL(&lock, &rlock, &own) {
        blocks += weft_lock_locked(&lock);
    }
    WEFT_WITH_ALL_FOR(0.5, status, &over_lock, &lock) {
        blocks += status == WEFT_OK;
    }
    assert(blocks == 4);
    use_locals();
    try {
        throw_inside();
        assert(false);
    } catch (const std::runtime_error &) {
    }
    assert(!weft_lock_locked(&lock) && !weft_rlock_locked(&rlock) && !weft_condition_locked(&own));
    walk();
    return 0;
}
