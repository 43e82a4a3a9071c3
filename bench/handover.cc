/* SPDX-License-Identifier: MIT */
/*
 * Event and Condition: the turn goes back and forth between the two threads of a pair. Two threads
 * have a core each; eight share two.
 */
#include <optional>
#include <pthread.h>
#include <semaphore.h>

#include "crew.h"

#ifdef WEFT_BENCH_NSYNC
#include <nsync.h>
#endif
#ifdef WEFT_BENCH_ABSL
#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#endif
#ifdef WEFT_BENCH_GLIB
#include <glib.h>
#endif
#ifdef WEFT_BENCH_UV
#include <uv.h>
#endif

namespace bench
{
namespace
{

/* give(side) says that it is that side's turn, wait(side) waits for that and takes it. */

struct WeftEvent {
    static constexpr const char *NAME = "weft, event";
    weft_event turn[2] = {WEFT_EVENT_INIT, WEFT_EVENT_INIT};
    void give(int side) { weft_event_set(&turn[side]); }
    void wait(int side)
    {
        weft_event_wait(&turn[side]);
        weft_event_clear(&turn[side]);
    }
};

struct WeftSemaphore {
    static constexpr const char *NAME = "weft, semaphore";
    weft_semaphore turn[2] = {WEFT_SEMAPHORE_INIT(0), WEFT_SEMAPHORE_INIT(0)};
    void give(int side) { weft_semaphore_release(&turn[side]); }
    void wait(int side) { weft_semaphore_acquire(&turn[side]); }
};

struct WeftCondition {
    static constexpr const char *NAME = "weft, condition";
    weft_lock lock = WEFT_LOCK_INIT;
    weft_condition changed[2] = {WEFT_CONDITION_INIT_ON(&lock), WEFT_CONDITION_INIT_ON(&lock)};
    bool turn[2] = {};
    void give(int side)
    {
        weft_lock_acquire(&lock);
        turn[side] = true;
        weft_condition_notify(&changed[side], 1);
        weft_lock_release(&lock);
    }
    void wait(int side)
    {
        weft_lock_acquire(&lock);
        while (!turn[side])
            weft_condition_wait(&changed[side]);
        turn[side] = false;
        weft_lock_release(&lock);
    }
};

struct PthreadCond {
    static constexpr const char *NAME = "pthread_cond";
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
    bool turn[2] = {};
    void give(int side)
    {
        pthread_mutex_lock(&lock);
        turn[side] = true;
        pthread_cond_signal(&changed[side]);
        pthread_mutex_unlock(&lock);
    }
    void wait(int side)
    {
        pthread_mutex_lock(&lock);
        while (!turn[side])
            pthread_cond_wait(&changed[side], &lock);
        turn[side] = false;
        pthread_mutex_unlock(&lock);
    }
};

struct Posix {
    static constexpr const char *NAME = "sem_t";
    sem_t turn[2];
    Posix()
    {
        sem_init(&turn[0], 0, 0);
        sem_init(&turn[1], 0, 0);
    }
    void give(int side) { sem_post(&turn[side]); }
    void wait(int side) { sem_wait(&turn[side]); }
};

#ifdef WEFT_BENCH_NSYNC
struct NsyncCv {
    static constexpr const char *NAME = "nsync_cv";
    nsync::nsync_mu lock = NSYNC_MU_INIT;
    nsync::nsync_cv changed[2] = {NSYNC_CV_INIT, NSYNC_CV_INIT};
    bool turn[2] = {};
    void give(int side)
    {
        nsync::nsync_mu_lock(&lock);
        turn[side] = true;
        nsync::nsync_cv_signal(&changed[side]);
        nsync::nsync_mu_unlock(&lock);
    }
    void wait(int side)
    {
        nsync::nsync_mu_lock(&lock);
        while (!turn[side])
            nsync::nsync_cv_wait(&changed[side], &lock);
        turn[side] = false;
        nsync::nsync_mu_unlock(&lock);
    }
};
#endif

#ifdef WEFT_BENCH_ABSL
struct AbslCondVar {
    static constexpr const char *NAME = "absl::CondVar";
    absl::Mutex lock;
    absl::CondVar changed[2];
    bool turn[2] = {};
    void give(int side)
    {
        absl::MutexLock hold(&lock);
        turn[side] = true;
        changed[side].Signal();
    }
    void wait(int side)
    {
        absl::MutexLock hold(&lock);
        while (!turn[side])
            changed[side].Wait(&lock);
        turn[side] = false;
    }
};

/* Serves once: who has waited for it makes the next. */
struct AbslNotification {
    static constexpr const char *NAME = "absl::Notification";
    std::optional<absl::Notification> turn[2];
    AbslNotification()
    {
        turn[0].emplace();
        turn[1].emplace();
    }
    void give(int side) { turn[side]->Notify(); }
    void wait(int side)
    {
        turn[side]->WaitForNotification();
        turn[side].emplace();
    }
};
#endif

#ifdef WEFT_BENCH_GLIB
struct GlibCond {
    static constexpr const char *NAME = "GCond";
    GMutex lock{};
    GCond changed[2]{};
    bool turn[2] = {};
    void give(int side)
    {
        g_mutex_lock(&lock);
        turn[side] = true;
        g_cond_signal(&changed[side]);
        g_mutex_unlock(&lock);
    }
    void wait(int side)
    {
        g_mutex_lock(&lock);
        while (!turn[side])
            g_cond_wait(&changed[side], &lock);
        turn[side] = false;
        g_mutex_unlock(&lock);
    }
};
#endif

#ifdef WEFT_BENCH_UV
struct UvSem {
    static constexpr const char *NAME = "uv_sem";
    uv_sem_t turn[2];
    UvSem()
    {
        uv_sem_init(&turn[0], 0);
        uv_sem_init(&turn[1], 0);
    }
    void give(int side) { uv_sem_post(&turn[side]); }
    void wait(int side) { uv_sem_wait(&turn[side]); }
};
#endif

template <class Turn> void round_trips(benchmark::State &state, int pairs)
{
    std::vector<Alone<Turn>> turns(static_cast<std::size_t>(pairs));
    amount(state, 2 * pairs, pairs, [&](int index, std::int64_t count) {
        Turn &turn = turns[static_cast<std::size_t>(index / 2)].value;
        int side = index % 2;
        for (; count > 0; count--) {
            if (side == 0)
                turn.give(1);
            turn.wait(side);
            if (side == 1)
                turn.give(0);
        }
    });
}

template <class Turn> void enter_all()
{
    for (int pairs : {1, 4})
        enter_crew("hand-over/" + std::to_string(2 * pairs) + " threads", Turn::NAME,
                   [pairs](benchmark::State &state) { round_trips<Turn>(state, pairs); });
}

[[maybe_unused]] const int entered = [] {
    enter_all<WeftEvent>();
    enter_all<WeftCondition>();
    enter_all<WeftSemaphore>();
    enter_all<PthreadCond>();
    enter_all<Posix>();
#ifdef WEFT_BENCH_NSYNC
    enter_all<NsyncCv>();
#endif
#ifdef WEFT_BENCH_ABSL
    enter_all<AbslCondVar>();
    enter_all<AbslNotification>();
#endif
#ifdef WEFT_BENCH_GLIB
    enter_all<GlibCond>();
#endif
#ifdef WEFT_BENCH_UV
    enter_all<UvSem>();
#endif
    return 0;
}();

} // namespace
} // namespace bench
