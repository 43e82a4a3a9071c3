/* SPDX-License-Identifier: MIT */
/* Which weft runs, and how large its objects are there. */
#include "test.h"

TEST(the_library_and_its_headers_are_of_one_version)
{
    assert_int_equal(weft_version(), WEFT_VERSION);
    assert_int_equal(WEFT_VERSION,
                     10000 * WEFT_VERSION_MAJOR + 100 * WEFT_VERSION_MINOR + WEFT_VERSION_PATCH);
}

TEST(a_binding_learns_the_size_of_each_kind)
{
    assert_int_equal(weft_sizeof(WEFT_KIND_LOCK), sizeof(weft_lock));
}

TEST(an_unknown_kind_has_no_size)
{
    assert_int_equal(weft_sizeof((weft_kind)0), 0);
    assert_int_equal(weft_sizeof((weft_kind)1000), 0);
    assert_int_equal(weft_sizeof((weft_kind)-1), 0);
}
