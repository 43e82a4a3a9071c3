/* SPDX-License-Identifier: MIT */
/*
 * No wake-up is lost: two threads hand a ball to and fro as a primitive would, with the state in a
 * word of theirs and the waiters in the room. A lost wake-up stops the game, and the watchdog tells.
 */
#include "tests/primitives/park_help.h"

#include "platform/processor.h"
#include "storm.h"

enum { PLAYERS = 2 };

struct game {
    uint32_t turn; /* whose; changed under the bucket's lock */
    uint32_t players;
    uint32_t passes;
    int64_t end;
    int64_t hurry; /* the longest wait, then they look again; 0: they wait for ever */
    uint64_t timeouts;
};

struct player {
    struct game *game;
    uint32_t number;
};

static struct wefti_key key_of(struct player player)
{
    return (struct wefti_key){(char *)&player.game->turn + player.number, WEFTI_LOCK};
}

static bool not_my_turn(void *arg)
{
    const struct player *player = arg;
    return wefti_load(&player->game->turn, ACQUIRE) != player->number;
}

static void pass(size_t taken, bool more, void *arg)
{
    const struct player *other = arg;
    WITNESS(taken <= 1 && !more);
    wefti_store(&other->game->turn, other->number, RELEASE);
}

/* Some time, so that the two meet in ever new ways. */
static void dawdle(uint64_t *random)
{
    for (uint64_t i = test_random(random) % 64; i > 0; i--)
        wefti_pause();
}

static void wait_for_turn(struct player *me, uint64_t *random)
{
    struct game *game = me->game;
    while (not_my_turn(me)) {
        dawdle(random);
        struct wefti_patience patience = {.validate = not_my_turn, .arg = me};
        if (game->hurry != 0)
            patience.deadline =
                wefti_clock() + (int64_t)(test_random(random) % (uint64_t)game->hurry);
        struct wefti_parked parked = wefti_park(key_of(*me), &patience);
        if (parked.outcome == WEFTI_TIMED_OUT)
            wefti_fetch_add(&game->timeouts, 1, RELAXED);
        else
            WITNESS(parked.outcome == WEFTI_INVALID || !not_my_turn(me));
    }
}

static void *play(void *arg)
{
    struct game *game = arg;
    uint64_t random = test_stress_random();
    struct player me = {game, wefti_fetch_add(&game->players, 1, RELAXED)};
    struct player other = {game, 1 - me.number};
    const struct wefti_unparking hand_over = {.finish = pass, .arg = &other};
    for (bool on = true; on;) {
        wait_for_turn(&me, &random);
        game->passes++;
        on = test_clock() < game->end; /* who gets the ball after that ends as well */
        dawdle(&random);
        wefti_unpark(key_of(other), &hand_over);
    }
    return NULL;
}

static void play_a_game(int64_t hurry)
{
    struct game game = {.hurry = hurry, .end = test_clock() + test_stress_time()};
    struct crew crew = crew_start(PLAYERS, play, &game);
    crew_join(&crew);
    print_message("%u passes, %llu timeouts\n", game.passes, (unsigned long long)game.timeouts);
    assert_true(game.passes > 100);
}

TEST(a_ball_is_never_lost)
{
    play_a_game(0);
}

TEST(a_ball_is_never_lost_at_a_deadline)
{
    play_a_game(20000);
}

TEST(a_ball_is_never_lost_in_a_storm_of_signals)
{
    storm_begin();
    play_a_game(0);
    storm_end();
}
