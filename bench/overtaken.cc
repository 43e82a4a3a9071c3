/* SPDX-License-Identifier: MIT */
/*
 * weft-overtaken: how often a Lock of weft's is taken by who came when a waiter's millisecond was over,
 * before that waiter. By state, not by what threads can note from outside: a thread waits while it is in
 * the lock's queue in the waiting room, from when it enters that, under the room's own lock, until a
 * release takes it out. One that was taken out to try again, but that the system has not given a
 * processor yet, is in no queue; how often it is overtaken is counted apart.
 *
 * It links the library's objects to see that, and is not there to measure times. Its output has the
 * form of Google Benchmark's.
 */
#include <cstdio>
#include <cstdlib>

extern "C" {
#include "primitives/park.h"

wefti_parked __real_wefti_park(wefti_key key, const wefti_patience *patience);
wefti_parked __wrap_wefti_park(wefti_key key, const wefti_patience *patience);
size_t __real_wefti_unpark(wefti_key key, const wefti_unparking *how);
size_t __wrap_wefti_unpark(wefti_key key, const wefti_unparking *how);
}

#include "visits.h"

namespace
{

/* A thread's visit to the room. */
struct Stay {
    const wefti_patience *patience;
    std::int64_t in = 0;   /* by itself, under the room's lock */
    std::int64_t from = 0; /* when who had the lock then let it go */
    std::int64_t out = 0;  /* by who takes it out, and holds the lock until then */
};

/* Who takes waiters out. */
struct Release {
    const wefti_unparking *how;
    std::int64_t when;
};

thread_local std::vector<Stay> stays; /* of the present visit to the lock */

std::vector<Stay *> newest; /* in the queue since the last release; the room's lock guards it */

bool validate(void *arg)
{
    Stay *stay = static_cast<Stay *>(arg);
    const wefti_patience *its = stay->patience;
    if (its->validate != nullptr && !its->validate(its->arg))
        return false;
    stay->in = bench::now();
    newest.push_back(stay);
    return true;
}

wefti_verdict choose(uintptr_t request, void *arg)
{
    const wefti_unparking *its = static_cast<Release *>(arg)->how;
    const Stay *stay = reinterpret_cast<const Stay *>(request);
    return its->choose != nullptr ? its->choose(stay->patience->request, its->arg) : WEFTI_TAKE;
}

uintptr_t take(uintptr_t request, int64_t since, void *arg)
{
    Release *release = static_cast<Release *>(arg);
    const wefti_unparking *its = release->how;
    Stay *stay = reinterpret_cast<Stay *>(request);
    stay->out = release->when;
    return its->take != nullptr ? its->take(stay->patience->request, since, its->arg) : 0;
}

void finish(size_t taken, bool more, void *arg)
{
    const wefti_unparking *its = static_cast<Release *>(arg)->how;
    const std::int64_t let_go = bench::now();
    for (Stay *stay : newest)
        stay->from = let_go;
    newest.clear();
    if (its->finish != nullptr)
        its->finish(taken, more, its->arg);
}

} // namespace

/* A wait's request is its stay, which knows what the lock's own request is. */
extern "C" wefti_parked __wrap_wefti_park(wefti_key key, const wefti_patience *patience)
{
    if (key.kind != WEFTI_LOCK)
        return __real_wefti_park(key, patience);
    Stay stay{patience};
    wefti_patience mine = *patience;
    mine.validate = validate;
    mine.arg = &stay;
    mine.request = reinterpret_cast<uintptr_t>(&stay);
    const wefti_parked parked = __real_wefti_park(key, &mine);
    if (parked.outcome == WEFTI_UNPARKED)
        stays.push_back(stay);
    return parked;
}

extern "C" size_t __wrap_wefti_unpark(wefti_key key, const wefti_unparking *how)
{
    if (key.kind != WEFTI_LOCK)
        return __real_wefti_unpark(key, how);
    Release release{how, bench::now()};
    const wefti_unparking mine{how->limit, &release, choose, take, finish};
    return __real_wefti_unpark(key, &mine);
}

namespace
{

struct Waits {
    std::vector<bench::Wait> queued;
    std::vector<bench::Wait> woken; /* taken out to try again */
};

/* Those parts of a visit's stays that reach beyond its millisecond. */
void note(Waits &waits, std::int64_t entered)
{
    for (std::size_t i = 0; i < stays.size(); i++) {
        const std::int64_t due = stays[0].in + bench::PATIENCE;
        const std::int64_t next = i + 1 < stays.size() ? stays[i + 1].from : entered;
        if (stays[i].out > due)
            waits.queued.push_back({due, stays[i].from, stays[i].out});
        if (next > due)
            waits.woken.push_back({due, stays[i].out, next});
    }
    stays.clear();
}

void repetition(const char *table, int threads)
{
    weft_lock lock = WEFT_LOCK_INIT;
    std::vector<Waits> waits(static_cast<std::size_t>(threads));
    const auto visits = bench::watched_visits(threads, [&](int index) {
        weft_lock_acquire(&lock);
        const std::int64_t entered = bench::now();
        note(waits[static_cast<std::size_t>(index)], entered);
        bench::work(100);
        weft_lock_release(&lock);
        return entered;
    });
    double queued = 0, woken = 0;
    for (const Waits &each : waits) {
        queued += bench::overtakings(visits, each.queued);
        woken += bench::overtakings(visits, each.woken);
    }
    std::printf("{\"run_name\": \"%s/weft, by state\", \"overtakings\": %.0f, "
                "\"once woken\": %.0f, \"visits\": %zu}",
                table, queued, woken, visits.all.size());
}

} // namespace

/* overtaken TABLE THREADS REPETITIONS */
int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    bench::work(1);
    std::printf("{\"benchmarks\": [\n");
    for (int left = std::atoi(argv[3]); left > 0; left--) {
        repetition(argv[1], std::atoi(argv[2]));
        std::printf(left > 1 ? ",\n" : "\n");
    }
    std::printf("]}\n");
    return 0;
}
