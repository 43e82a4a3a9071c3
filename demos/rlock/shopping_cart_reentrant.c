/* SPDX-License-Identifier: MIT */
/**
 * @file shopping_cart_reentrant.c
 * @brief A shopping cart whose public methods all call a locked recalculation
 *
 * Adding an item, removing one and giving a discount all end in the same step: the total is made
 * anew. That step takes the lock, too, so it may be called by anybody; called from the others it
 * re-enters. The total is therefore right whenever somebody can see it.
 *
 * Two threads fill the cart, and one of them gives a discount. The lock makes every call whole. It
 * does not say who comes first, and a discount is only for what is in the cart by then: three
 * totals are right.
 *
 * Source: locks, section 2.2, lines 1385-1450.
 *
 * Look for: prices are whole cents. 10 % off 1.99 has to be rounded somewhere, and this way one
 * sees where.
 *
 * Facts:
 * - worker-1 before worker-2: 495.00
 * - together: 495.00, 510.00 or 530.00, and always the sum of price times quantity
 * - the last unit takes its item along; removing what is not there returns false
 * - an item that comes again at a new price has the new price
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { MOST = 8 };

struct item {
    const char *id;
    long price; /* in cents */
    int quantity;
};

struct cart {
    weft_rlock lock; /* guards all below */
    struct item items[MOST];
    int count;
    long total;
    uint32_t deepest; /* at a recalculation */
};

/* ---- the cart ---- */

static struct item *find(struct cart *cart, const char *id) WEFT_REQUIRES(cart->lock)
{
    for (int i = 0; i < cart->count; i++)
        if (strcmp(cart->items[i].id, id) == 0)
            return &cart->items[i];
    return NULL;
}

static void recalculate(struct cart *cart)
{
    WEFT_HOLD(&cart->lock);
    cart->deepest = weft_rlock_depth(&cart->lock);
    cart->total = 0;
    for (int i = 0; i < cart->count; i++)
        cart->total += cart->items[i].price * cart->items[i].quantity;
}

static bool add_item(struct cart *cart, const char *id, long price, int quantity)
{
    WEFT_HOLD(&cart->lock);
    struct item *item = find(cart, id);
    if (item == NULL && cart->count == MOST)
        return false;
    if (item == NULL) {
        item = &cart->items[cart->count++];
        *item = (struct item){.id = id};
    }
    item->price = price;
    item->quantity += quantity;
    recalculate(cart);
    demo_say("adds %d of %s, total %ld.%02ld", quantity, id, cart->total / 100, cart->total % 100);
    return true;
}

static bool remove_item(struct cart *cart, const char *id, int quantity)
{
    WEFT_HOLD(&cart->lock);
    struct item *item = find(cart, id);
    if (item == NULL)
        return false;
    item->quantity -= quantity;
    if (item->quantity <= 0)
        *item = cart->items[--cart->count];
    recalculate(cart);
    demo_say("removes %d of %s, total %ld.%02ld", quantity, id, cart->total / 100,
             cart->total % 100);
    return true;
}

static void apply_discount(struct cart *cart, int percent)
{
    WEFT_HOLD(&cart->lock);
    for (int i = 0; i < cart->count; i++)
        cart->items[i].price = cart->items[i].price * (100 - percent) / 100;
    recalculate(cart);
    demo_say("takes %d %% off %d items, total %ld.%02ld", percent, cart->count, cart->total / 100,
             cart->total % 100);
}

static long get_total(struct cart *cart)
{
    WEFT_HOLD(&cart->lock);
    return cart->total;
}

static long add_up(struct cart *cart)
{
    WEFT_HOLD(&cart->lock);
    long sum = 0;
    for (int i = 0; i < cart->count; i++)
        sum += cart->items[i].price * cart->items[i].quantity;
    return sum;
}

/* ---- two threads shop ---- */

static void *work1(void *cart)
{
    add_item(cart, "A001", 10000, 2);
    add_item(cart, "A002", 5000, 3);
    return cart;
}

static void *work2(void *cart)
{
    add_item(cart, "A003", 20000, 1);
    apply_discount(cart, 10);
    return cart;
}

int main(void)
{
    demo_begin("A shopping cart whose public methods all call a locked recalculation");

    demo_part("One worker after the other");
    struct cart cart = {.lock = WEFT_RLOCK_INIT};
    demo_join(demo_spawn(work1, &cart, "worker-1"));
    demo_join(demo_spawn(work2, &cart, "worker-2"));
    CHECK(get_total(&cart) == 49500, "the discount is for all three items: 495.00");
    CHECK(cart.deepest == 2, "the recalculation re-enters the lock: depth 2");

    demo_part("Both at once");
    struct cart shared = {.lock = WEFT_RLOCK_INIT};
    weft_thread *workers[] = {demo_spawn(work1, &shared, "worker-1"),
                              demo_spawn(work2, &shared, "worker-2")};
    demo_join_all(2, workers);
    long total = get_total(&shared);
    CHECK(total == 49500 || total == 51000 || total == 53000,
          "the discount saw three, two or one of the items: 495.00, 510.00 or 530.00");
    CHECK(total == add_up(&shared), "the total is the sum of price times quantity");

    demo_part("Removing");
    bool removed = remove_item(&cart, "B000", 1);
    demo_say("removes 1 of B000: %s", removed ? "done" : "there is none");
    CHECK(!removed && get_total(&cart) == 49500,
          "what is not in the cart cannot be removed: false, and nothing changes");
    CHECK(remove_item(&cart, "A001", 1) && cart.count == 3 && get_total(&cart) == 40500,
          "one of two A001 is removed, the item stays");
    CHECK(remove_item(&cart, "A001", 1) && cart.count == 2 && get_total(&cart) == 31500,
          "the last one takes the item along");
    add_item(&cart, "A003", 15000, 1);
    CHECK(get_total(&cart) == 43500, "an item that comes again at a new price has the new price");
    CHECK(get_total(&cart) == add_up(&cart), "the total is still the sum");
    CHECK(!weft_rlock_locked(&cart.lock), "the lock is free");
    return demo_end();
}
