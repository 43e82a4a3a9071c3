/* SPDX-License-Identifier: MIT */
/**
 * @file random.c
 * @brief SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixer.
 */
#include <errno.h>
#include <stdlib.h>

#include "demo_private.h"
#include "demo_random.h"

static uint64_t run_seed(void)
{
    const char *text = getenv("WEFT_DEMO_SEED");
    if (text == NULL || *text == '\0')
        return 1;
    char *end;
    errno = 0;
    unsigned long long seed = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        demo_misuse("WEFT_DEMO_SEED must be a whole number from 0 up, not \"%s\"", text);
    return seed;
}

demo_random demo_random_stream(uint32_t stream)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    demo_random seed = {run_seed()};
    if (!atomic_flag_test_and_set(&told))
        demo_line("    random numbers from seed %llu (WEFT_DEMO_SEED)",
                  (unsigned long long)seed.state);
    /* Mixed before the stream is added: neighbouring seeds and streams have nothing in common. */
    demo_random random = {demo_random_bits(&seed) + stream};
    random.state = demo_random_bits(&random);
    return random;
}

uint64_t demo_random_bits(demo_random *random)
{
    random->state += 0x9e3779b97f4a7c15U;
    uint64_t bits = random->state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31);
}

uint32_t demo_random_below(demo_random *random, uint32_t count)
{
    return (uint32_t)(((demo_random_bits(random) >> 32) * count) >> 32);
}

double demo_random_between(demo_random *random, double low, double high)
{
    double fraction = (double)(demo_random_bits(random) >> 11) * 0x1p-53;
    return low + fraction * (high - low);
}
