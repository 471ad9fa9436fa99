/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api_body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/stored.h"
#include "unit/unit.h"

static bool
reads(enum serve_command_kind kind, const char *body, struct serve_command *ret_command)
{
    struct diag diag = {0};
    *ret_command = (struct serve_command){.kind = kind};
    int err = api_body_read(slice_from_str(body), ret_command, &diag);
    assert_int_equal(err == 0, !diag_is_set(&diag));
    return err == 0;
}

static void
what_a_deploy_affects(void **state)
{
    struct serve_command c;
    assert_true(reads(SERVE_DEPLOY, "{\"name\": \"v2\"}", &c));
    assert_string_equal(c.text, "v2");
    assert_true(reads(SERVE_DEPLOY, "{\"name\": \"v2\", \"affects\": []}", &c));
    assert_string_equal(c.text, "v2");
    assert_true(reads(SERVE_DEPLOY,
                      "{\"affects\": [\"GET /a\", \"00C0FFEE00c0ffee\", \"Orders#Index\"],"
                      " \"name\": \"v2\"}",
                      &c));
    assert_string_equal(c.text, "v2\nGET /a\n00c0ffee00c0ffee\nOrders#Index");
}

/* As many as there may be, and one that is as long as it may be. */
static void
a_deploy_affects_so_many(void **state)
{
    static char text[SERVE_BODY_MAX], name[SERVE_ROUTE_MAX + 1];
    struct serve_command c;
    struct diag diag = {0};
    for (unsigned n = DEPLOY_AFFECTS_MAX; n <= DEPLOY_AFFECTS_MAX + 1; n++) {
        size_t at = (size_t)snprintf(text, sizeof(text), "{\"name\": \"v2\", \"affects\": [");
        for (unsigned i = 0; i < n; i++) {
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\"/%u\"", i > 0 ? "," : "", i);
        }
        snprintf(text + at, sizeof(text) - at, "]}");
        assert_true(reads(SERVE_DEPLOY, text, &c) == (n == DEPLOY_AFFECTS_MAX));
    }
    memset(name, 'r', sizeof(name) - 1);
    for (int len = SERVE_ROUTE_MAX - 1; len <= SERVE_ROUTE_MAX; len++) {
        snprintf(text, sizeof(text), "{\"name\": \"v2\", \"affects\": [\"a\", \"%.*s\"]}", len,
                 name);
        assert_true(reads(SERVE_DEPLOY, text, &c) == (len < SERVE_ROUTE_MAX));
    }
    assert_int_equal(api_body_read(slice_from_str(text), &c, &diag), -EINVAL);
    assert_non_null(strstr(diag.message, "affects[1] "));
    static const char *const bad[] = {"\"GET /a\"", "{}",          "[1]",    "[\"\"]",
                                      "[\" \"]",    "[\"a\\nb\"]", "[null]", "7"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(text, sizeof(text), "{\"name\": \"v2\", \"affects\": %s}", bad[i]);
        if (reads(SERVE_DEPLOY, text, &c)) {
            fail_msg("taken: %s", text);
        }
    }
}

static void
what_is_muted(void **state)
{
    struct serve_command c;
    assert_true(reads(SERVE_MUTE, "{\"incident\": 7, \"seconds\": 60}", &c));
    assert_string_equal(c.text, "incident 7");
    assert_int_equal(c.seconds, 60);
    assert_true(reads(SERVE_MUTE, "{\"route\": \"GET /a b\", \"seconds\": 2592000}", &c));
    assert_string_equal(c.text, "route GET /a b");
    assert_true(reads(SERVE_MUTE, "{\"fingerprint\": \"00000000000000AA\", \"seconds\": 0}", &c));
    assert_string_equal(c.text, "fingerprint 00000000000000aa");
    static const char *const bad[] = {
        "",
        "[]",
        "{\"seconds\": 60}",
        "{\"incident\": 7}",
        "{\"incident\": 0, \"seconds\": 60}",
        "{\"incident\": -1, \"seconds\": 60}",
        "{\"incident\": 4294967296, \"seconds\": 60}",
        "{\"incident\": \"7\", \"seconds\": 60}",
        "{\"incident\": 7, \"seconds\": 60.5}",
        "{\"incident\": 7, \"seconds\": -1}",
        "{\"incident\": 7, \"seconds\": 2592001}",
        "{\"incident\": 7, \"route\": \"x\", \"seconds\": 60}",
        "{\"route\": \"\", \"seconds\": 60}",
        "{\"route\": \"a\\nb\", \"seconds\": 60}",
        "{\"fingerprint\": \"00000000000000a\", \"seconds\": 60}",
        "{\"fingerprint\": \"00000000000000ag\", \"seconds\": 60}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (reads(SERVE_MUTE, bad[i], &c)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    char text[1024], route[600];
    memset(route, 'r', sizeof(route));
    for (int len = SERVE_ROUTE_MAX - 1; len <= SERVE_ROUTE_MAX; len++) {
        snprintf(text, sizeof(text), "{\"route\": \"%.*s\", \"seconds\": 1}", len, route);
        assert_true(reads(SERVE_MUTE, text, &c) == (len < SERVE_ROUTE_MAX));
    }
}

/* It is shown in terminals: nothing that one obeys, and nothing that turns the writing. */
static void
text_is_printable(void **state)
{
    struct serve_command c;
    assert_true(reads(SERVE_ANNOTATE, "{\"text\": \"caf\u00e9 \u2192 <b>|\\\"%s\"}", &c));
    assert_string_equal(c.text, "caf\u00e9 \u2192 <b>|\"%s");
    static const char *const bad[] = {
        "\\u0000", "\\u0007", "\\n",     "\\u001b[2J", "\\u007f", "\\u0080", "\\u009b2J", "\\u009f",
        "\\u200e", "\\u2028", "\\u202a", "\\u202e",    "\\u2066", "\\u2069", "  ",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char text[64];
        bool alone = bad[i][0] == ' ';
        snprintf(text, sizeof(text), "{\"text\": \"%s%s\"}", alone ? "" : "a", bad[i]);
        if (reads(SERVE_ANNOTATE, text, &c)) {
            fail_msg("taken: %s", text);
        }
    }
    assert_true(reads(SERVE_ANNOTATE, "{\"text\": \"\\u00a0\\u2010\\u2030\\u206a\"}", &c));
    char text[300];
    for (int len = ANNOTATION_LEN_MAX; len <= (int)ANNOTATION_LEN_MAX + 1; len++) {
        snprintf(text, sizeof(text), "{\"text\": \"%0*d\"}", len, 0);
        assert_true(reads(SERVE_ANNOTATE, text, &c) == (len == (int)ANNOTATION_LEN_MAX));
    }
    assert_false(reads(SERVE_ANNOTATE, "{\"text\": \"a\", \"text\": \"b\"}", &c));
}

static void
others_take_no_body(void **state)
{
    struct serve_command c;
    assert_true(reads(SERVE_ACK, "", &c));
    assert_true(reads(SERVE_EXPECT, "{", &c));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_muted),
        cmocka_unit_test(what_a_deploy_affects),
        cmocka_unit_test(a_deploy_affects_so_many),
        cmocka_unit_test(text_is_printable),
        cmocka_unit_test(others_take_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
