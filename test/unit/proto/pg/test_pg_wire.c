/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_wire.h"

#include "unit/unit.h"

static enum dec
head_of(uint32_t len, size_t cut, struct pg_wire *ret_wire)
{
    uint8_t bytes[] = {'D', (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                       (uint8_t)len};
    enum dec dec = DEC_MORE;
    *ret_wire = (struct pg_wire){0};
    for (size_t at = 0; at < sizeof(bytes) && dec == DEC_MORE; at += cut) {
        struct slice piece = slice_sub(slice_of(bytes, sizeof(bytes)), at, cut);
        dec = pg_wire_head(ret_wire, &piece);
    }
    return dec;
}

/* A server's row may have 1 GB less two bytes behind its length field, a client's message a little
 * less: neither is ever taken for garbage. */
static void
lengths_up_to_the_servers_own_are_followed(void **state)
{
    static const struct {
        uint32_t len;
        enum dec dec;
    } heads[] = {{0, DEC_BAD},
                 {3, DEC_BAD},
                 {4, DEC_OK},
                 {0x3ffffffe, DEC_OK},
                 {0x40000002, DEC_OK},
                 {0x40000003, DEC_LIMIT},
                 {0x7fffffff, DEC_LIMIT},
                 {0xffffffff, DEC_LIMIT}};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        for (size_t cut = 1; cut <= 5; cut++) {
            struct pg_wire w;
            assert_int_equal(head_of(heads[i].len, cut, &w), heads[i].dec);
            if (heads[i].dec == DEC_OK) {
                assert_int_equal(w.left, heads[i].len - 4);
                assert_int_equal(w.len, heads[i].len + 1);
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_up_to_the_servers_own_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
