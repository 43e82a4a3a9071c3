// SPDX-License-Identifier: MIT
// The same program in C++17: options by name do not exist there, and scopes are guard objects.
#include <cstdio>
#include <stdexcept>

#include <weft/weft.h>

namespace
{
weft_lock lock = WEFT_LOCK_INIT;
int counter WEFT_GUARDED_BY(lock);

void *count(void *arg)
{
    for (int i = 0; i < 3; i++) {
        WEFT_HOLD(&lock);
        if (i == 1)
            continue;
        counter++;
    }
    return arg;
}

int value_or_throw()
{
    WEFT_WITH(&lock) {
        if (counter != 2)
            throw std::runtime_error("the count is wrong");
        return counter;
    }
    return -1;
}
} // namespace

int main()
{
    weft_thread_options options{};
    options.struct_size = sizeof options;
    options.target = count;
    options.arg = &lock;
    options.name = "counter";
    weft_thread *thread = weft_thread_spawn_with(&options);
    if (thread == nullptr || weft_thread_join(thread) != WEFT_OK)
        return 1;
    bool as_promised = weft_thread_value(thread) == &lock && value_or_throw() == 2;
    weft_thread_free(thread);

    try {
        WEFT_WITH(&lock) {
            throw std::runtime_error("out of the block");
        }
    } catch (const std::runtime_error &) {
        as_promised = as_promised && !weft_lock_locked(&lock);
    }
    weft_status status = WEFT_TIMEOUT;
    WEFT_WITH_FOR(&lock, 0.5, status) {
        as_promised = as_promised && weft_lock_locked(&lock);
    }
    as_promised = as_promised && status == WEFT_OK && !weft_lock_locked(&lock);
    std::printf("weft %d: %s\n", weft_version(), as_promised ? "ok" : "wrong");
    return as_promised ? 0 : 1;
}
