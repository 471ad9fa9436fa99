/* SPDX-License-Identifier: Apache-2.0
 * Windows as lines of JSON: what is read, what is skipped, what is refused and in which words. */
#include "analysis/window/history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/unit.h"

static struct history *h;
static struct diag diag;

static int
setup(void **state)
{
    h = check_alloc(1, sizeof(*h));
    (void)state;
    return 0;
}

static int
teardown(void **state)
{
    free(h);
    (void)state;
    return 0;
}

static int
parse(const char *line, enum history_kind *kind)
{
    diag = (struct diag){0};
    return history_line(h, slice_from_str(line), &diag, kind);
}

static void
a_window_is_read(void **state)
{
    enum history_kind kind;
    (void)state;
    assert_int_equal(
        parse("{\"t\":1700000000,\"len\":60,\"route\":\"GET /a\",\"fingerprint\":\"5c1f\", "
              "\"statement\":\"select \\\"a\\\" \\u00fc\\ud83d\\ude00\",\"calls\":12,\"errors\":1,"
              "\"requests\":4,\"rows\":2.5e1,\"hist\":[[950,7],[1100,5]],\"oldest_ms\":12.5,"
              "\"errors_by_class\":{\"timeout\":1,\"strange\":2},\"plan\":\"Index Scan\"}",
              &kind),
        0);
    const struct reading *r = &h->reading;
    assert_int_equal(kind, HISTORY_READING);
    assert_int_equal(r->start_s, 1700000000);
    assert_int_equal(r->length_s, 60);
    assert_true(slice_eq(r->route, SLICE_LIT("GET /a")));
    assert_true(slice_eq(r->fingerprint, SLICE_LIT("5c1f")));
    assert_true(slice_eq(r->statement, SLICE_LIT("select \"a\" \xc3\xbc\xf0\x9f\x98\x80")));
    assert_int_equal(r->known, READING_REQUESTS | READING_ROWS | READING_OLDEST | READING_CLASSES |
                                   READING_PLAN);
    assert_float_equal(r->rows, 25, 1e-9);
    assert_float_equal(r->errors_by_class[ERROR_CLASS_TIMEOUT], 1, 1e-9);
    assert_float_equal(r->errors_by_class[ERROR_CLASS_OTHER], 2, 1e-9);
    assert_int_equal(r->cell_count, 2);
    assert_int_equal(r->cell[1].upper_us, 1100);
    assert_int_equal(r->cell[1].count, 5);
}

static const struct {
    const char *key;
    uint32_t bit;
    size_t at;
} optional[] = {
    {"bytes", READING_BYTES, offsetof(struct reading, bytes)},
    {"requests_repeating", READING_REPEATING, offsetof(struct reading, requests_repeating)},
    {"same_value_calls", READING_SAME_VALUES, offsetof(struct reading, same_value_calls)},
    {"rows_read", READING_ROWS_READ, offsetof(struct reading, rows_read)},
};

static double
optional_value(unsigned i)
{
    double v;
    memcpy(&v, (const char *)&h->reading + optional[i].at, sizeof(v));
    return v;
}

/* Absent, it is not known, which is not the same as none. */
static void
what_is_optional_is_known_where_it_is_there(void **state)
{
    enum history_kind kind;
    char line[256];
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(optional); i++) {
        assert_int_equal(parse("{\"t\":1,\"len\":60,\"fingerprint\":\"f\",\"calls\":9}", &kind), 0);
        assert_int_equal(h->reading.known, 0);
        assert_float_equal(optional_value(i), 0, 0);
        static const struct {
            const char *text;
            double is;
        } good[] = {{"0", 0}, {"7", 7}, {"2.5", 2.5}, {"1e15", 1e15}};
        for (unsigned k = 0; k < ARRAY_LEN(good); k++) {
            snprintf(line, sizeof(line),
                     "{\"t\":1,\"len\":60,\"fingerprint\":\"f\",\"%s\":%s,\"calls\":9}",
                     optional[i].key, good[k].text);
            assert_int_equal(parse(line, &kind), 0);
            assert_int_equal(h->reading.known, optional[i].bit);
            assert_float_equal(optional_value(i), good[k].is, 0);
            assert_float_equal(h->reading.calls, 9, 0);
            for (unsigned other = 0; other < ARRAY_LEN(optional); other++) {
                assert_true(other == i || optional_value(other) == 0);
            }
        }
    }
}

static void
what_is_optional_and_bad_is_refused_by_name(void **state)
{
    static const struct {
        const char *value, *says;
    } bad[] = {{"-1", "wants a number between 0 and 1e15"},
               {"2e15", "wants a number between 0 and 1e15"},
               {"\"7\"", "wants a number"},
               {"null", "wants a number"},
               {"[7]", "wants a number"}};
    enum history_kind kind;
    char line[256], says[128];
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(optional); i++) {
        for (unsigned k = 0; k < ARRAY_LEN(bad); k++) {
            snprintf(line, sizeof(line),
                     "{\"t\":1,\"len\":60,\"fingerprint\":\"f\",\"calls\":9,\"%s\":%s}",
                     optional[i].key, bad[k].value);
            snprintf(says, sizeof(says), "\"%s\": %s", optional[i].key, bad[k].says);
            assert_int_equal(parse(line, &kind), -EBADMSG);
            if (strstr(diag.message, says) == NULL) {
                fail_msg("%s: says '%s', not '%s'", line, diag.message, says);
            }
        }
    }
}

static void
unknown_keys_are_skipped_whatever_they_hold(void **state)
{
    enum history_kind kind;
    (void)state;
    assert_int_equal(parse("{\"x\":{\"a\":[1,-2.5,{\"b\":null}],\"t\":\"no\"},\"t\":5,\"len\":60,"
                           "\"y\":[[],{}],\"route\":\"r\",\"calls\":0,\"z\":true}",
                           &kind),
                     0);
    assert_int_equal(h->reading.start_s, 5);
    assert_int_equal(parse("  \t", &kind), 0);
    assert_int_equal(kind, HISTORY_NOTHING);
}

static void
a_deploy_is_read(void **state)
{
    enum history_kind kind;
    (void)state;
    assert_int_equal(parse("{\"t\":9,\"deploy\":\"v42\",\"affects\":[\"GET /a\",\"5c1f\"]}", &kind),
                     0);
    assert_int_equal(kind, HISTORY_DEPLOY);
    assert_int_equal(h->deploy.affects_count, 2);
    assert_true(slice_eq(h->deploy.affects[1], SLICE_LIT("5c1f")));
}

static void
bad_values_are_refused_in_words(void **state)
{
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"[1]", "a line is one JSON object"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\"}", "needs \"t\", \"len\" and \"calls\""},
        {"{\"t\":1,\"len\":60,\"calls\":1}", "needs a \"route\" or a \"fingerprint\""},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":-1}", "\"calls\": wants a number between"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":\"1\"}", "\"calls\": wants a number"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1,\"errors\":2}", "more errors than calls"},
        {"{\"t\":1,\"len\":0,\"route\":\"r\",\"calls\":1}", "\"len\": wants a whole number"},
        {"{\"t\":1.5,\"len\":60,\"route\":\"r\",\"calls\":1}", "\"t\": wants a whole number"},
        {"{\"t\":1,\"len\":60,\"route\":5,\"calls\":1}", "\"route\": wants a string"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1,\"hist\":[[5,1],[5,1]]}", "rising upper"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1,\"hist\":[[5,2]]}",
         "more than \"calls\""},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1,\"hist\":[5]}",
         "list of [upper_us, count]"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1e999}", "\"calls\": wants a number"},
        {"{\"t\":1,\"len\":60,\"route\":\"\\ud800\",\"calls\":1}", "a bad escape"},
        {"{\"t\":1,\"len\":60,\"route\":\"r", "a string without an end"},
        {"{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1} x", "something follows"},
        {"{\"t\":1,\"deploy\":\"\"}", "a deploy needs"},
    };
    enum history_kind kind;
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(parse(bad[i].line, &kind), -EBADMSG);
        if (strstr(diag.message, bad[i].says) == NULL) {
            fail_msg("%s: says '%s', not '%s'", bad[i].line, diag.message, bad[i].says);
        }
    }
}

/* A C string would end there. */
static void
a_nul_is_no_digit(void **state)
{
    static const char line[] = "{\"t\":1,\"len\":60,\"route\":\"r\",\"calls\":1.0\0\0}";
    enum history_kind kind;
    diag = (struct diag){0};
    (void)state;
    assert_int_equal(history_line(h, slice_of(line, sizeof(line) - 1), &diag, &kind), -EBADMSG);
}

static void
depth_is_bounded(void **state)
{
    char line[4096] = "{\"x\":";
    enum history_kind kind;
    (void)state;
    memset(line + 5, '[', 2000);
    assert_int_equal(parse(line, &kind), -EBADMSG);
    assert_non_null(strstr(diag.message, "nested too deeply"));
}

/* What is cut anywhere is refused, and reads no byte beyond. */
static void
every_prefix_is_refused(void **state)
{
    static const char line[] =
        "{\"t\":1,\"len\":60,\"route\":\"r\\n\",\"calls\":3,\"hist\":[[5,1],[9,2]],"
        "\"errors_by_class\":{\"login\":0}}";
    enum history_kind kind;
    (void)state;
    for (size_t n = 1; n + 1 < sizeof(line); n++) {
        char *copy = check_alloc(1, n); /* so that the sanitizer sees its end */
        memcpy(copy, line, n);
        diag = (struct diag){0};
        assert_int_equal(history_line(h, slice_of(copy, n), &diag, &kind), -EBADMSG);
        free(copy);
    }
    assert_int_equal(parse(line, &kind), 0);
}

static void
what_is_written_is_read_back(void **state)
{
    const struct reading_cell cells[] = {{100, 3}, {4000000000u, 1}};
    struct reading r = {
        .start_s = 1700000060,
        .length_s = 10,
        .route = SLICE_LIT("GET /\"quoted\"\\\n"),
        .fingerprint = SLICE_LIT("00ff"),
        .known = READING_REQUESTS | READING_LOCK | READING_CLASSES,
        .calls = 4,
        .errors = 1,
        .requests = 2,
        .lock_ms = 0.125,
        .cell = cells,
        .cell_count = 2,
    };
    enum history_kind kind;
    AUTO_BUF struct buf b;
    (void)state;
    r.errors_by_class[ERROR_CLASS_LOGIN] = 1;
    buf_init(&b, HISTORY_LINE_MAX);
    assert_int_equal(history_write(&r, &b), 0);
    diag = (struct diag){0};
    struct slice line = buf_slice(&b);
    assert_int_equal(history_line(h, slice_sub(line, 0, line.len - 1), &diag, &kind), 0);
    assert_true(slice_eq(h->reading.route, r.route));
    assert_int_equal(h->reading.known, r.known);
    assert_float_equal(h->reading.lock_ms, 0.125, 0);
    assert_float_equal(h->reading.errors_by_class[ERROR_CLASS_LOGIN], 1, 0);
    assert_int_equal(h->reading.cell[1].upper_us, 4000000000u);

    /* What is no UTF-8, or ends within a character: a line is JSON all the same. */
    r.statement = SLICE_LIT("\xc3\xbc \xff \"x\xe2\x82");
    buf_reset(&b);
    assert_int_equal(history_write(&r, &b), 0);
    assert_non_null(strstr(buf_str(&b), "\"statement\":\"\xc3\xbc ? \\\"x??\""));

    struct history_deploy d = {.at_s = 7, .name = SLICE_LIT("v\"1"), .affects_count = 2};
    d.affects[0] = SLICE_LIT("a");
    d.affects[1] = SLICE_LIT("b");
    buf_reset(&b);
    assert_int_equal(history_write_deploy(&d, &b), 0);
    line = buf_slice(&b);
    assert_int_equal(history_line(h, slice_sub(line, 0, line.len - 1), &diag, &kind), 0);
    assert_int_equal(kind, HISTORY_DEPLOY);
    assert_true(slice_eq(h->deploy.name, SLICE_LIT("v\"1")));
    assert_true(slice_eq(h->deploy.affects[1], SLICE_LIT("b")));
}

/* What the store has of one, a line each, and no more than there may be. */
static void
a_stored_deploy_is_written(void **state)
{
    struct history_deploy d;
    struct stored_deploy stored = {.name = SLICE_LIT("v2"),
                                   .at_wall_ns = 9999999999u,
                                   .affects = SLICE_LIT("GET /a\n\n5c1f\n")};
    AUTO_BUF struct buf b;
    char many[400];
    (void)state;
    buf_init(&b, 4096);
    history_deploy_make(&stored, &d);
    assert_int_equal(history_write_deploy(&d, &b), 0);
    assert_string_equal(buf_str(&b),
                        "{\"t\":9,\"deploy\":\"v2\",\"affects\":[\"GET /a\",\"5c1f\"]}\n");
    stored.affects = SLICE_NONE;
    history_deploy_make(&stored, &d);
    assert_int_equal(d.affects_count, 0);
    for (size_t i = 0; i < sizeof(many); i++) {
        many[i] = i % 2 == 0 ? 'a' : '\n';
    }
    stored.affects = slice_of(many, sizeof(many));
    history_deploy_make(&stored, &d);
    assert_int_equal(d.affects_count, HISTORY_AFFECTS_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_read),
        cmocka_unit_test(what_is_optional_is_known_where_it_is_there),
        cmocka_unit_test(what_is_optional_and_bad_is_refused_by_name),
        cmocka_unit_test(unknown_keys_are_skipped_whatever_they_hold),
        cmocka_unit_test(a_deploy_is_read),
        cmocka_unit_test(bad_values_are_refused_in_words),
        cmocka_unit_test(a_nul_is_no_digit),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_stored_deploy_is_written),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
