/* SPDX-License-Identifier: MIT */
/* A caller that does not hold what the callee requires. */
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
    deposit_locked(account, amount);
    // expected-error@-1 {{calling function 'deposit_locked' requires holding mutex}}
}
