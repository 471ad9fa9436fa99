/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/api_body.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/unit.h"

static bool
reads(enum serve_command_kind kind, const char *body, struct serve_command *ret_command)
{
    *ret_command = (struct serve_command){.kind = kind};
    return api_body_read(slice_from_str(body), ret_command) == NULL;
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
        cmocka_unit_test(text_is_printable),
        cmocka_unit_test(others_take_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
