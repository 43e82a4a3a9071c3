/* SPDX-License-Identifier: MIT */
/*
 * Local: finding the calling thread's value, in the header and in the library, beside a __thread
 * variable of the program and a pthread key.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "bench.h"

namespace bench
{
namespace
{

constexpr int OTHERS = 40; /* neither a key nor a Local is the first of its kind in a program */

__thread void *variable;
weft_local local;
pthread_key_t key;

void prepare()
{
    static weft_local others[OTHERS];
    static bool prepared;
    if (prepared)
        return;
    for (auto &other : others) {
        pthread_key_t other_key;
        must(weft_local_set(&other, &local));
        must(pthread_key_create(&other_key, nullptr));
    }
    must(pthread_key_create(&key, nullptr));
    must(pthread_setspecific(key, &local));
    must(weft_local_set(&local, &local));
    variable = &local;
    prepared = true;
}

/* The value is used, and memory may have changed: no read is left out or moved out of the loop. */
template <class Read> void read(const char *name, Read find)
{
    enter("local/read", name, [find](benchmark::State &state) {
        prepare();
        for (auto _ : state) {
            void *value = find();
            __asm__ volatile("" : : "r"(value) : "memory");
        }
    });
}

/* A function that the linker finds, so that the compiler does not see into it. */
template <class Function> Function *exported(const char *name)
{
    auto *function = reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
    if (function == nullptr)
        std::abort();
    return function;
}

const bool registered = [] {
    auto *get = exported<void *(weft_local *)>("weft_local_get");
    auto *specific = exported<void *(pthread_key_t)>("pthread_getspecific");
    read("__thread", [] { return variable; });
    read("weft, inline", [] { return weft_local_get(&local); });
    read("pthread_getspecific", [specific] { return specific(key); });
    read("weft, function", [get] { return get(&local); });
    return true;
}();

} // namespace
} // namespace bench
