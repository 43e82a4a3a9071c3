/* SPDX-License-Identifier: MIT */
/* Writing on the read side, reading on neither, releasing the wrong side. */
#include <weft/weft.h>

static weft_rwlock lock = WEFT_RWLOCK_INIT;
static int value WEFT_GUARDED_BY(lock);

void writes_as_a_reader(void);
void writes_as_a_reader(void)
{
    WEFT_WITH(weft_reading(&lock)) {
        value++;
        // expected-error@-1 {{writing variable 'value' requires holding rwlock 'lock' exclusively}}
    }
    weft_rwlock_acquire_write(&lock);
    weft_rwlock_downgrade(&lock);
    value++;
    // expected-error@-1 {{writing variable 'value' requires holding rwlock 'lock' exclusively}}
    weft_rwlock_release_read(&lock);
}

int reads_outside(void);
int reads_outside(void)
{
    WEFT_WITH(weft_reading(&lock)) {
    }
    return value;
    // expected-error@-1 {{reading variable 'value' requires holding rwlock 'lock'}}
}

void releases_the_wrong_side(void);
void releases_the_wrong_side(void)
{
    weft_rwlock_acquire_read(&lock);
    // expected-note@-1 {{acquired here}}
    weft_rwlock_release_write(&lock);
    // expected-error@-1 {{using exclusive access, expected shared access}}
}
