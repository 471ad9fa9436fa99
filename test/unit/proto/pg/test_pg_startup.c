/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pg/pg_startup.h"

#include "unit/unit.h"

#define SSL    "\0\0\0\x08\x04\xd2\x16\x2f"
#define GSS    "\0\0\0\x08\x04\xd2\x16\x30"
#define CANCEL "\0\0\0\x10\x04\xd2\x16\x2e\x01\x02\x03\x04\x05\x06\x07\x08"
#define START  "\0\0\0\x36\0\x03\0\0user\0anna\0application_name\0app\0database\0shop\0\0"

/* Feeds in cuts of `cut` bytes and notes the kinds as letters, `!` for BAD, `#` for LIMIT. */
static const char *
run(struct pg_startup *s, struct slice bytes, size_t cut)
{
    static char kinds[16];
    size_t n = 0;
    *s = (struct pg_startup){0};
    memset(kinds, 0, sizeof(kinds));
    while (bytes.len > 0) {
        struct slice in = slice_sub(bytes, 0, cut);
        bytes = slice_sub(bytes, cut, bytes.len);
        enum pg_startup_kind kind;
        enum dec dec;
        while ((dec = pg_startup_next(s, &in, &kind)) == DEC_OK) {
            kinds[n++] = "SGTC"[kind];
        }
        if (dec != DEC_MORE) {
            kinds[n++] = dec == DEC_BAD ? '!' : '#';
            assert_non_null(s->error.reason);
            break;
        }
    }
    return kinds;
}

static void
takes_every_order_at_every_cut(void **state)
{
    struct pg_startup s;
    for (size_t cut = 1; cut < 90; cut++) {
        assert_string_equal(run(&s, SLICE_LIT(SSL START), cut), "ST");
        assert_string_equal(run(&s, SLICE_LIT(GSS SSL START), cut), "GST");
        assert_string_equal(run(&s, SLICE_LIT(SSL GSS START), cut), "SGT");
        assert_true(slice_eq(pg_startup_text(&s.user), SLICE_LIT("anna")));
        assert_true(slice_eq(pg_startup_text(&s.database), SLICE_LIT("shop")));
        assert_true(slice_eq(pg_startup_text(&s.application), SLICE_LIT("app")));
        assert_false(s.replication);
        assert_string_equal(run(&s, SLICE_LIT(SSL CANCEL), cut), "SC");
        assert_int_equal(s.cancel_len, 16);
        assert_memory_equal(s.cancel, CANCEL, 16);
    }
}

static void
refuses_what_is_no_startup(void **state)
{
    struct pg_startup s;
    for (size_t cut = 1; cut < 20; cut += 6) {
        assert_string_equal(run(&s, SLICE_LIT(SSL SSL), cut), "S!");
        assert_string_equal(run(&s, SLICE_LIT("\x16\x03\x01\0\0\0\0\0"), cut), "!");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\0\x07\0\x03\0\0"), cut), "!");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\x27\x11\0\x03\0\0"), cut), "#");
        assert_string_equal(run(&s, SLICE_LIT("\xff\xff\xff\xff\0\x03\0\0"), cut), "#");
        assert_string_equal(run(&s, SLICE_LIT("GET / HTTP/1.1\r\n\r\n"), cut), "#");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\0\x09\0\x02\0\0\0"), cut), "!");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\0\x09\0\x03\0\0\0"), cut), "!");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\0\x0c\0\x03\0\0user"), cut), "!");
        assert_string_equal(run(&s, SLICE_LIT("\0\0\0\x09\x04\xd2\x16\x2f\0"), cut), "!");
    }
}

static void
the_user_names_the_database_by_default(void **state)
{
    struct pg_startup s;
    assert_string_equal(
        run(&s, SLICE_LIT("\0\0\0\x22\0\x03\0\x02user\0bo\0replication\0true\0\0"), 5), "T");
    assert_true(slice_eq(pg_startup_text(&s.database), SLICE_LIT("bo")));
    assert_true(s.replication);
    assert_int_equal(s.minor, 2);
}

/* As PostgreSQL's parse_bool reads it, and "database" besides. */
static void
replication_is_read_as_the_server_does(void **state)
{
    static const struct {
        const char *value;
        bool is_on;
    } cases[] = {{"true", true},     {"on", true},   {"1", true},   {"yes", true},  {"T", true},
                 {"database", true}, {"off", false}, {"of", false}, {"OFF", false}, {"no", false},
                 {"false", false},   {"0", false},   {"", false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t bytes[64] = {0, 0, 0, 0, 0, 3, 0, 0};
        size_t len = 8;
        memcpy(bytes + len, "user\0bo\0replication", 20);
        len += 20;
        memcpy(bytes + len, cases[i].value, strlen(cases[i].value));
        len += strlen(cases[i].value) + 2;
        bytes[3] = (uint8_t)len;
        for (size_t cut = 1; cut <= len; cut++) {
            struct pg_startup s;
            assert_string_equal(run(&s, slice_of(bytes, len), cut), "T");
            assert_int_equal(s.replication, cases[i].is_on);
        }
    }
}

/* Names longer than the server tells apart are cut; nothing is written beyond their room. */
static void
long_names_are_cut(void **state)
{
    uint8_t bytes[1000] = {0, 0, 3, 0xe8, 0, 3, 0, 0, 'u', 's', 'e', 'r', 0};
    struct pg_startup s;
    memset(bytes + 13, 'x', sizeof(bytes) - 15);
    assert_string_equal(run(&s, slice_of(bytes, sizeof(bytes)), 7), "T");
    assert_int_equal(s.user.len, PG_STARTUP_TEXT_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_order_at_every_cut),
        cmocka_unit_test(refuses_what_is_no_startup),
        cmocka_unit_test(the_user_names_the_database_by_default),
        cmocka_unit_test(replication_is_read_as_the_server_does),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
