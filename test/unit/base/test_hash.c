/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include "unit/unit.h"

/* The reference vector of the SipHash paper, appendix A: key 00..0f, input 00..0e. */
static void
siphash_matches_the_paper(void **state)
{
    uint8_t bytes[16];
    for (uint8_t i = 0; i < 16; i++) {
        bytes[i] = i;
    }
    struct hash_key key = hash_key_from_bytes(bytes);
    assert_true(hash_keyed(&key, slice_of(bytes, 15)) == 0xa129ca6149be45e5u);
}

static void
combine_depends_on_order(void **state)
{
    assert_true(hash_combine(hash_combine(0, 1), 2) != hash_combine(hash_combine(0, 2), 1));
}

static void
a_stream_is_the_hash_of_the_whole(void **state)
{
    uint8_t bytes[100];
    struct hash_key key = {3, 4};
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        for (size_t cut = 1; cut < 20; cut++) {
            struct hash_stream h;
            hash_stream_init(&h, &key);
            for (size_t at = 0; at < len; at += cut) {
                hash_stream_add(&h, slice_sub(slice_of(bytes, len), at, cut));
            }
            assert_true(hash_stream_value(&h) == hash_keyed(&key, slice_of(bytes, len)));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_matches_the_paper),
        cmocka_unit_test(combine_depends_on_order),
        cmocka_unit_test(a_stream_is_the_hash_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
