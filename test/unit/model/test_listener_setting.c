/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#include "model/listener_setting.h"

static struct listener_settings settings;
static struct listener_choice choice;
static struct diag diag;

static int
setup(void **state)
{
    settings = (struct listener_settings){0};
    choice = (struct listener_choice){0};
    diag = (struct diag){0};
    return 0;
}

static void
set(const char *key, const char *value)
{
    assert_int_equal(listener_settings_set(&settings, key, slice_from_str(value), &diag), 0);
}

static void
nothing_given_is_no_tls_to_clients_and_what_they_ask_to_the_server(void **state)
{
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
    assert_int_equal(choice.client_tls, CLIENT_TLS_DISABLE);
    assert_int_equal(choice.server_tls, SERVER_TLS_FOLLOW);
}

static void
a_certificate_allows_tls(void **state)
{
    set("tls_cert", "/etc/slowburn/tls.crt");
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
    assert_int_equal(choice.client_tls, CLIENT_TLS_ALLOW);
    set("client_tls", "disable");
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
    assert_int_equal(choice.client_tls, CLIENT_TLS_DISABLE);
}

static void
every_word_is_its_own_choice(void **state)
{
    static const char *const clients[] = {"disable", "allow", "require", "verify-ca",
                                          "verify-full"};
    static const char *const servers[] = {"follow",  "disable",   "prefer",
                                          "require", "verify-ca", "verify-full"};
    assert_true(choice.forwarded == FORWARDED_OFF && !choice.request_id);
    set("forwarded", "replace");
    set("request_id", "on");
    set("tls_cert", "c");
    set("tls_client_ca", "a");
    set("server_tls_ca", "system");
    for (unsigned i = 0; i < ARRAY_LEN(clients); i++) {
        set("client_tls", clients[i]);
        assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
        assert_int_equal(choice.client_tls, i);
        assert_true(choice.forwarded == FORWARDED_REPLACE && choice.request_id);
    }
    for (unsigned i = 0; i < ARRAY_LEN(servers); i++) {
        set("server_tls", servers[i]);
        assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
        assert_int_equal(choice.server_tls, i);
    }
}

static void
an_http_upstream_is_verified_or_plain(void **state)
{
    static const struct {
        const char *word, *ca;
        int wanted; /* < 0: refused */
    } cases[] = {{"", "", SERVER_TLS_DISABLE},
                 {"", "system", SERVER_TLS_VERIFY_FULL},
                 {"disable", "system", SERVER_TLS_DISABLE},
                 {"require", "", SERVER_TLS_REQUIRE},
                 {"verify-ca", "", SERVER_TLS_VERIFY_CA},
                 {"verify-full", "", SERVER_TLS_VERIFY_FULL},
                 {"prefer", "", -1},
                 {"follow", "", -1}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        setup(state);
        if (cases[i].word[0] != '\0') {
            set("server_tls", cases[i].word);
        }
        if (cases[i].ca[0] != '\0') {
            set("server_tls_ca", cases[i].ca);
        }
        int r = listener_settings_check(&settings, PROTOCOL_HTTP, &diag, &choice);
        assert_int_equal(r, cases[i].wanted < 0 ? -EINVAL : 0);
        if (r == 0) {
            assert_int_equal(choice.server_tls, cases[i].wanted);
        }
    }
}

static void
what_does_not_go_together_is_named(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *needs;
    } cases[] = {
        {"client_tls", "require", "client_tls = require needs tls_cert"},
        {"tls_key", "k", "tls_key needs tls_cert"},
        {"server_tls", "verify-ca", "server_tls = verify-ca needs server_tls_ca"},
        {"server_tls", "verify-full", "server_tls = verify-full needs server_tls_ca"},
        {"server_tls_key", "k", "server_tls_key needs server_tls_cert"},
        {"auth_query", "q", "auth_query needs auth_user"},
        {"auth_user", "u", "auth_user needs auth_query"},
        {"auth_dbname", "d", "auth_dbname needs auth_query"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        setup(state);
        set(cases[i].key, cases[i].value);
        assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice),
                         -EINVAL);
        assert_string_equal(diag.message, cases[i].needs);
    }
    setup(state);
    set("tls_cert", "c");
    set("client_tls", "verify-ca");
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice),
                     -EINVAL);
    assert_string_equal(diag.message, "client_tls = verify-ca needs tls_client_ca");
    setup(state);
    set("auth_query", "select $1");
    set("auth_user", "asker");
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice),
                     -EINVAL);
    assert_string_equal(diag.message, "auth_query needs auth_file");
    set("auth_file", "users");
    assert_int_equal(listener_settings_check(&settings, PROTOCOL_POSTGRES, &diag, &choice), 0);
}

static void
what_cannot_be_is_refused(void **state)
{
    char long_text[LISTENER_TEXT_MAX + 1];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(listener_settings_set(&settings, "tls", SLICE_LIT("x"), &diag), -ENOENT);
    assert_string_equal(diag.message, "");
    assert_int_equal(listener_settings_set(&settings, "tls_cert", slice_from_str(long_text), &diag),
                     -EINVAL);
    diag = (struct diag){0};
    assert_int_equal(listener_settings_set(&settings, "client_tls", SLICE_LIT("on"), &diag),
                     -EINVAL);
    assert_non_null(strstr(diag.message, "disable|allow|require"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_given_is_no_tls_to_clients_and_what_they_ask_to_the_server,
                               setup),
        cmocka_unit_test_setup(a_certificate_allows_tls, setup),
        cmocka_unit_test_setup(an_http_upstream_is_verified_or_plain, setup),
        cmocka_unit_test_setup(every_word_is_its_own_choice, setup),
        cmocka_unit_test_setup(what_does_not_go_together_is_named, setup),
        cmocka_unit_test_setup(what_cannot_be_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
