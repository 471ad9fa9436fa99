/* SPDX-License-Identifier: Apache-2.0 */
#include "model/webhook_setting.h"

#include <errno.h>
#include <string.h>

#include "unit/unit.h"

/* "key=value key=value": 0, or what is wrong with it. */
static int
check(const char *text, struct diag *ret_diag)
{
    struct webhook_settings s = {0};
    struct slice rest = slice_from_str(text), piece, key;
    *ret_diag = (struct diag){0};
    while (slice_split(&rest, ' ', &piece)) {
        char name[32];
        assert_true(slice_split(&piece, '=', &key));
        int err = webhook_settings_set(&s, slice_to_str(key, name, sizeof(name)), piece, ret_diag);
        if (err < 0) {
            return err;
        }
    }
    return webhook_settings_check(&s, ret_diag);
}

static void
what_is_whole_is_taken(void **state)
{
    static const char *const good[] = {
        "url=http://127.0.0.1:9/x",
        "kind=generic url=HTTPS://h secret_file=/s ca_file=/ca",
        "kind=alertmanager url_file=/u",
        "kind=slack url_file=/u",
        "kind=slack secret_file=/s channel=C1",
        "kind=pagerduty secret_file=/s",
    };
    struct diag diag;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(check(good[i], &diag), 0);
    }
}

static void
what_is_not_is_refused_without_repeating_it(void **state)
{
    static const char *const bad[] = {
        "kind=generic",
        "url=http://",
        "url=ftp://SECRET",
        "url=SECRET",
        "url=http://a url_file=/u",
        "url=http://a url=http://b",
        "kind=pagerduty",
        "kind=slack channel=C1",
        "kind=slack url=http://a secret_file=/s",
        "kind=generic url=http://a channel=C1",
        "kind=telegram url=http://a",
    };
    struct diag diag;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(check(bad[i], &diag), -EINVAL);
        assert_true(diag_is_set(&diag));
        assert_null(strstr(diag.message, "SECRET"));
    }
    struct webhook_settings s = {0};
    assert_int_equal(webhook_settings_set(&s, "else", SLICE_NONE, &diag), -ENOENT);
}

static void
where_it_goes_is_known(void **state)
{
    struct webhook_settings s = {0};
    struct diag diag = {0};
    assert_string_equal(webhook_url_of(&s), "");
    assert_int_equal(webhook_settings_set(&s, "kind", SLICE_LIT("pagerduty"), &diag), 0);
    assert_string_equal(webhook_url_of(&s), "https://events.pagerduty.com/v2/enqueue");
    assert_int_equal(webhook_kind_of(&s), WEBHOOK_KIND_PAGERDUTY);
    assert_int_equal(webhook_settings_set(&s, "url", SLICE_LIT("http://127.0.0.1/"), &diag), 0);
    assert_string_equal(webhook_url_of(&s), "http://127.0.0.1/");
    s = (struct webhook_settings){0};
    assert_int_equal(webhook_settings_set(&s, "kind", SLICE_LIT("slack"), &diag), 0);
    assert_string_equal(webhook_url_of(&s), "");
    assert_int_equal(webhook_settings_set(&s, "channel", SLICE_LIT("C1"), &diag), 0);
    assert_string_equal(webhook_url_of(&s), "https://slack.com/api/chat.postMessage");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_whole_is_taken),
        cmocka_unit_test(what_is_not_is_refused_without_repeating_it),
        cmocka_unit_test(where_it_goes_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
