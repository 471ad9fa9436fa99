/* SPDX-License-Identifier: Apache-2.0
 * What a password is hashed as; test/peer/test_auth_query.py asks PostgreSQL itself. */
#include "unit/unit.h"

#include <errno.h>

#include "io/saslprep.h"

static const struct {
    const char *password, *prepared;
} cases[] = {
    {"secret", "secret"},
    {"\x7f\x01 ASCII stays", "\x7f\x01 ASCII stays"},
    {"", ""},
    {"p\xc3\xa4ss", "p\xc3\xa4ss"},
    {"pa\xcc\x88ss", "p\xc3\xa4ss"},          /* composed */
    {"\xe2\x85\xa8\xc2\xa0\xc2\xaa", "IX a"}, /* compatible; another blank */
    {"so\xc2\xad"
     "ft",
     "soft"},                                 /* mapped to nothing */
    {"\xc2\xad\xc2\xad", "\xc2\xad\xc2\xad"}, /* nothing would be left: as it is */
    {"\xd8\xa7\x31\xd8\xa8", "\xd8\xa7\x31\xd8\xa8"} /* from right to left all along */,
    /* What is not allowed is hashed as it is: nothing in it is composed. */
    {"\xd8\xa7\x31", "\xd8\xa7\x31"},
    {"\xd8\xa7"
     "a\xcc\x88\xd8\xa8",
     "\xd8\xa7"
     "a\xcc\x88\xd8\xa8"},
    {"a\xcc\x88\xc8\xa1", "a\xcc\x88\xc8\xa1"},         /* a letter younger than Unicode 3.2 */
    {"a\xcc\x88\xc2\x85", "a\xcc\x88\xc2\x85"},         /* a control character */
    {"a\xcc\x88\xee\x80\x80", "a\xcc\x88\xee\x80\x80"}, /* private use */
    {"a\xcc\x88\xcd\x80", "a\xcc\x88\xcd\x80"},         /* would be allowed once it is normal */
    {"\xe2\x84\xb5x", "\xd7\x90x"},                     /* would not be allowed any more */
    /* No UTF-8: a stray byte, an overlong one, half of a pair, too far, cut off. */
    {"a\xcc\x88\xe4", "a\xcc\x88\xe4"},
    {"a\xcc\x88\xc0\xaf", "a\xcc\x88\xc0\xaf"},
    {"a\xcc\x88\xed\xa0\x80", "a\xcc\x88\xed\xa0\x80"},
    {"a\xcc\x88\xf4\x90\x80\x80", "a\xcc\x88\xf4\x90\x80\x80"},
    {"a\xcc\x88\xe2\x85", "a\xcc\x88\xe2\x85"},
};

static void
passwords_are_prepared_as_postgresql_does_it(void **state)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice password = slice_from_str(cases[i].password), prepared;
        uint8_t dst[256];
        assert_int_equal(saslprep(password, dst, sizeof(dst), &prepared), 0);
        if (!slice_eq(prepared, slice_from_str(cases[i].prepared))) {
            fail_msg("case %u becomes %.*s", i, (int)prepared.len, (const char *)prepared.ptr);
        }
    }
}

static void
the_longest_fits_and_nothing_is_written_beyond(void **state)
{
    struct slice prepared;
    uint8_t password[3 * 300], dst[sizeof(password) * SASLPREP_GROWTH];
    for (size_t i = 0; i < sizeof(password); i += 3) {
        memcpy(password + i, "\xef\xb7\xba", 3);
    }
    struct slice all = slice_of(password, sizeof(password));
    assert_int_equal(saslprep(all, dst, sizeof(dst), &prepared), 0);
    assert_int_equal(prepared.len, sizeof(dst));
    dst[sizeof(dst) - 1] = 0x55;
    assert_int_equal(saslprep(all, dst, sizeof(dst) - 1, &prepared), -E2BIG);
    assert_int_equal(dst[sizeof(dst) - 1], 0x55);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_prepared_as_postgresql_does_it),
        cmocka_unit_test(the_longest_fits_and_nothing_is_written_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
