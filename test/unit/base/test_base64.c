/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>

#include "base/base64.h"

/* RFC 4648, section 10. */
static void
the_rfcs_own_examples(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        uint8_t text[16], bytes[16];
        struct slice plain = slice_from_str(pairs[i][0]), coded = slice_from_str(pairs[i][1]);
        assert_int_equal(base64_encode(plain, text), coded.len);
        assert_memory_equal(text, coded.ptr, coded.len);
        assert_int_equal(base64_decode(coded, bytes, sizeof(bytes)), plain.len);
        assert_memory_equal(bytes, plain.ptr, plain.len);
        assert_int_equal(BASE64_ENCODED_LEN(plain.len), coded.len);
    }
}

static void
only_the_one_form_is_taken(void **state)
{
    static const char *const bad[] = {"Zg",   "Zg=",   "Zg=A",     "Z===", "====", "Zh==",
                                      "Zm9=", "Zm9v=", "Zg==Zg==", "Zm 9", "Zm9_", "Zm9-"};
    uint8_t bytes[16];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(base64_decode(slice_from_str(bad[i]), bytes, sizeof(bytes)), -EINVAL);
    }
    assert_int_equal(base64_decode(SLICE_LIT("Zm9vYmFy"), bytes, 5), -ENOSPC);
    assert_int_equal(base64_decode(SLICE_LIT("Zm9vYmFy"), bytes, 6), 6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_own_examples),
        cmocka_unit_test(only_the_one_form_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
