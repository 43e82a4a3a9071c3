/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file rate_limit_policy_table.c
 * @brief Who may send how much, and what happens to the rest: a table of rules
 *
 * A table says for each kind of request how many may pass in a window, by which algorithm, with
 * which margin below what the server can really do, and what becomes of those beyond: refused,
 * answered from the cache, or queued. Paths are matched as file names are; what no rule knows falls
 * to the last one. And the core of the business keeps something for itself: of ten permits the
 * others can have eight at most.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the overload. Without a reserve the catalogue would take all ten permits.
 *
 * Facts:
 * - a rule's limit is what the server can do less a margin of 20 %
 * - what is beyond is refused, degraded or queued, as its rule says; an unknown path has the
 *   default
 * - under overload all core requests pass while others are degraded; without a reserve none does
 * - rules that make no sense are rejected, each for its reason
 */
#include <fnmatch.h>
#include <string.h>

#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"

enum beyond { REJECT, DEGRADE, QUEUE };

struct rule {
    const char *pattern;
    weft_rate_algorithm algorithm;
    int capacity; /* what the server can do in a second */
    int margin;   /* per cent of it that stay unused */
    enum beyond beyond;
    weft_rate_limiter *limiter;
};

static struct rule rules[] = {
    {.pattern = "/pay/*",
     .algorithm = WEFT_FIXED_WINDOW,
     .capacity = 10,
     .margin = 20,
     .beyond = QUEUE},
    {.pattern = "/catalogue/*",
     .algorithm = WEFT_TOKEN_BUCKET,
     .capacity = 5,
     .margin = 20,
     .beyond = DEGRADE},
    {.pattern = "*", .algorithm = WEFT_FIXED_WINDOW, .capacity = 5, .margin = 20, .beyond = REJECT},
};

enum { RULES = sizeof rules / sizeof *rules };

static int limit_of(const struct rule *rule)
{
    return rule->capacity * (100 - rule->margin) / 100;
}

/* NULL, or what is wrong with the rule. */
static const char *rule_error(const struct rule *rule)
{
    if (rule->pattern == NULL || *rule->pattern == '\0')
        return "no pattern";
    if (rule->margin < 0 || rule->margin > 90)
        return "the margin must be 0 to 90 per cent";
    if (limit_of(rule) < 1)
        return "the limit must be 1 or more";
    return NULL;
}

static demo_clock now;

static void install(struct rule *rule)
{
    rule->limiter = demo_must(weft_rate_limiter_new(rule->algorithm, limit_of(rule),
                                                    .now = demo_clock_seconds, .arg = &now));
}

static const struct rule *rule_for(const char *path)
{
    const struct rule *rule = rules;
    while (fnmatch(rule->pattern, path, 0) != 0)
        rule++; /* the last one matches everything */
    return rule;
}

static bool passes(const char *path, int ms)
{
    now.ms = ms;
    return weft_rate_limiter_try_acquire(rule_for(path)->limiter) == WEFT_OK;
}

/* Sends so many requests at once, and says what became of them. Returns how many passed. */
static int send(const char *path, int count)
{
    static const char *const words[] = {"refused", "from the cache", "queued"};
    const struct rule *rule = rule_for(path);
    int passed = 0;
    for (int i = 0; i < count; i++)
        passed += passes(path, 100);
    demo_line("    %-17s %-13s %5d %6d   %d %s", path, rule->pattern, limit_of(rule), passed,
              count - passed, words[rule->beyond]);
    demo_sleep(0.5);
    return passed;
}

static void table(void)
{
    demo_part("Twelve requests of each kind, in the same second");
    demo_line("    %-17s %-13s %5s %6s   %s", "path", "rule", "limit", "pass", "the others");
    CHECK(send("/pay/card", 12) == 8 && rule_for("/pay/card")->beyond == QUEUE,
          "ten less 20 per cent: eight pass, the others are queued");
    CHECK(send("/catalogue/shoes", 12) == 4 && rule_for("/catalogue/shoes")->beyond == DEGRADE,
          "five less 20 per cent: four pass, the others are answered from the cache");
    CHECK(send("/no/such/thing", 12) == 4 && rule_for("/no/such/thing") == &rules[RULES - 1],
          "an unknown path falls to the last rule: four pass, the others are refused");
    CHECK(!passes("/pay/cash", 999) && passes("/pay/cash", 1000),
          "the same rule, the same limit; in the next second there is room again");
}

static void invalid(void)
{
    demo_part("Rules that make no sense");
    static const struct rule wrong[] = {
        {.pattern = "", .capacity = 10, .margin = 20},
        {.pattern = "/x", .capacity = 10, .margin = 120},
        {.pattern = "/x", .capacity = 1, .margin = 20},
    };
    int rejected = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *why = rule_error(&wrong[i]);
        rejected += why != NULL;
        demo_say("rejected: %s", why != NULL ? why : "it is not");
    }
    CHECK(rejected == 3, "each is rejected: no pattern, an absurd margin, a limit of 0");
}

/* ---- a reserve for the core ---- */

static weft_semaphore permits;
static weft_semaphore others;

static bool core_enters(void)
{
    return weft_semaphore_try_acquire(&permits) == WEFT_OK;
}

static bool other_enters(void)
{
    if (weft_semaphore_try_acquire(&others) != WEFT_OK)
        return false;
    if (weft_semaphore_try_acquire(&permits) == WEFT_OK)
        return true;
    weft_semaphore_release(&others);
    return false;
}

/* 20 others come and stay, then two of the core. Returns how many of the core get in. */
static int overload(int for_others, int *degraded)
{
    if (weft_semaphore_init(&permits, 10) != WEFT_OK ||
        weft_semaphore_init(&others, for_others) != WEFT_OK)
        return -1;
    *degraded = 0;
    for (int i = 0; i < 20; i++)
        *degraded += !other_enters();
    int core = core_enters() + core_enters();
    demo_say("others may have %d of ten permits", for_others);
    demo_say("20 others come: %d are degraded; 2 of the core: %d pass", *degraded, core);
    demo_sleep(0.5);
    return core;
}

static void reserve(void)
{
    demo_part("Overload: twenty others, then two of the core");
    int degraded;
    CHECK(overload(10, &degraded) == 0 && degraded == 10,
          "without a reserve the others have all ten, and no core request passes");
    CHECK(overload(8, &degraded) == 2 && degraded == 12,
          "with a reserve of two both core requests pass, twelve others are degraded");
}

int main(void)
{
    demo_begin("Who may send how much, and what happens to the rest: a table of rules");
    bool valid = true;
    for (int i = 0; i < RULES; i++) {
        valid = valid && rule_error(&rules[i]) == NULL;
        install(&rules[i]);
    }
    CHECK(valid, "the rules of the table are valid");
    table();
    invalid();
    reserve();
    for (int i = 0; i < RULES; i++)
        weft_rate_limiter_free(rules[i].limiter);
    return demo_end();
}
