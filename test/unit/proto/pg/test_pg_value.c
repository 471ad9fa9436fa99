/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_value.h"

#include "unit/unit.h"

static const struct hash_key key = {1, 2};

static void
check(uint32_t type, struct slice binary, const char *text)
{
    char dst[PG_VALUE_TEXT_MAX];
    struct slice got = pg_value_text(type, binary, dst);
    assert_true(slice_eq(got, slice_from_str(text)));
    for (size_t cut = 1; cut <= binary.len; cut++) {
        struct pg_value v;
        pg_value_begin(&v, &key, type, true);
        for (size_t at = 0; at < binary.len; at += cut) {
            pg_value_add(&v, slice_sub(binary, at, cut));
        }
        assert_true(pg_value_end(&v) == hash_keyed(&key, slice_from_str(text)));
    }
}

static void
binary_values_have_the_text_of_their_type(void **state)
{
    check(PG_TYPE_INT2, SLICE_LIT("\xff\xfe"), "-2");
    check(PG_TYPE_INT4, SLICE_LIT("\0\0\x04\xd2"), "1234");
    check(PG_TYPE_INT8, SLICE_LIT("\x80\0\0\0\0\0\0\0"), "-9223372036854775808");
    check(PG_TYPE_OID, SLICE_LIT("\xff\xff\xff\xff"), "4294967295");
    check(PG_TYPE_BOOL, SLICE_LIT("\1"), "t");
    check(PG_TYPE_BOOL, SLICE_LIT("\0"), "f");
    check(PG_TYPE_FLOAT8, SLICE_LIT("\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
    check(PG_TYPE_FLOAT8, SLICE_LIT("\x3f\xd5\x55\x55\x55\x55\x55\x55"), "0.3333333333333333");
    check(PG_TYPE_FLOAT4, SLICE_LIT("\x3d\xcc\xcc\xcd"), "0.1");
    check(PG_TYPE_UUID,
          SLICE_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"),
          "01234567-89ab-cdef-0123-456789abcdef");
}

static void
other_bytes_stay_as_they_are(void **state)
{
    check(25, SLICE_LIT("text"), "text");
    check(PG_TYPE_INT4, SLICE_LIT("abc"), "abc");
    check(PG_TYPE_INT4, SLICE_LIT("longer than sixteen bytes"), "longer than sixteen bytes");
    check(0, SLICE_LIT("1234"), "1234");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_values_have_the_text_of_their_type),
        cmocka_unit_test(other_bytes_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
