/* SPDX-License-Identifier: MIT */
/* A function over a struct says which lock its caller holds; the callers are checked. */
// expected-no-diagnostics
#include <weft/weft.h>

struct account {
    weft_lock lock;
    long balance WEFT_GUARDED_BY_MEMBER(lock);
};

static void deposit_locked(struct account *account, long amount) WEFT_REQUIRES(&account->lock)
{
    account->balance += amount;
}

void deposit(struct account *account, long amount);
void deposit(struct account *account, long amount)
{
    weft_lock_acquire(&account->lock);
    deposit_locked(account, amount);
    weft_lock_release(&account->lock);
}
