/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/configure.h"
#include "app/objectives_json.h"
#include "unit/unit.h"

static char path[64];

static void
write_file(const char *text)
{
    strcpy(path, "/tmp/slowburn-config-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* As main gets them. */
static char **
words(const char **argv)
{
    return (char **)(uintptr_t)argv;
}

static int
read_text(const char *text, struct config *c, struct diag *diag)
{
    write_file(text);
    int r = config_read(c, path, diag);
    if (r == 0) {
        r = config_check(c, diag);
    }
    unlink(path);
    return r;
}

static void
a_whole_file_is_read(void **state)
{
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    assert_int_equal(read_text("; a comment\n"
                               "[slowburn]\n"
                               "log_level = debug\n"
                               "  log_format = json\n"
                               "[limits]\n"
                               "drain_ms = 0\n"
                               "[postgres shop]\n"
                               "listen = 6432\n"
                               "upstream = db.example:5432\n"
                               "[postgres other]\n"
                               "listen = [::1]:6433\n"
                               "upstream = :5433\n"
                               "[http]\n"
                               "listen = 0.0.0.0:8080\n"
                               "upstream = localhost:80\n"
                               "upstream_fallback = 81, unix:/run/app.sock\n"
                               "forwarded = replace\n"
                               "[advisor shop]\n"
                               "dsn = host=db.example\n"
                               "dsn = dbname=shop\n",
                               c, &diag),
                     0);
    assert_int_equal(c->listener_count, 3);
    assert_string_equal(c->listeners[0].listen.text, "127.0.0.1:6432");
    assert_string_equal(c->listeners[0].upstream.text, "db.example:5432");
    assert_string_equal(c->listeners[1].listen.text, "[::1]:6433");
    assert_string_equal(c->listeners[1].upstream.text, "127.0.0.1:5433");
    assert_int_equal(c->listeners[2].protocol, PROTOCOL_HTTP);
    assert_string_equal(c->listeners[2].settings.text[LISTENER_upstream_fallback],
                        "127.0.0.1:81,unix:/run/app.sock");
    assert_string_equal(c->logins[0].dsn, "host=db.example dbname=shop");
    assert_int_equal(config_number(c, SETTING_drain_ms), 0);
    assert_string_equal(config_text(c, SETTING_log_level), "debug");
    assert_string_equal(config_text(c, SETTING_log_format), "json");
    assert_string_equal(config_text(c, SETTING_admin), "127.0.0.1:7433");
}

static void
options_win_over_the_file_and_lists_grow(void **state)
{
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    write_file("[slowburn]\nlog_level = debug\nworkers = 3\n[postgres a]\nlisten = 1\n"
               "upstream = 2\n");
    const char *argv[] = {"run",       "--log-level=warn", "-c",         path,
                          "--http",    "8080=9090",        "--postgres", "6432=host:1",
                          "--advisor", "dbname=shop",      NULL};
    assert_int_equal(config_from_options(c, ARRAY_LEN(argv) - 1, words(argv), &diag), 0);
    unlink(path);
    assert_string_equal(config_text(c, SETTING_log_level), "warn");
    assert_int_equal(config_number(c, SETTING_workers), 3);
    assert_int_equal(configure_workers(c), 3);
    assert_int_equal(c->listener_count, 3);
    assert_string_equal(c->listeners[2].upstream.text, "host:1");
    assert_string_equal(c->logins[0].dsn, "dbname=shop");
}

static void
every_error_names_its_line_and_a_way_out(void **state)
{
    const struct {
        const char *text;
        unsigned line;
        const char *message;
        const char *hint;
    } cases[] = {
        {"[postgres a]\nforwarded = append\n", 2, "unknown key \"forwarded\" in [postgres a]", ""},
        {"[http a]\nauth_file = f\n", 2, "unknown key \"auth_file\" in [http a]", ""},
        {"[slowburn]\nlog_levl = info\n", 2, "unknown key \"log_levl\" in [slowburn]",
         "did you mean \"log_level\"?"},
        {"[slowburn]\ndrain_ms = 1\n", 2, "unknown key \"drain_ms\" in [slowburn]",
         "it belongs in [limits]"},
        {"[slowburn]\nzzzzzzzzzzzzzzz = 1\n", 2, "unknown key \"zzzzzzzzzzzzzzz\" in [slowburn]",
         ""},
        {"\n\n[limts]\nx = 1\n", 4, "unknown section \"limts\"", "did you mean \"limits\"?"},
        {"[postgres a]\nlisten = 1\nupstrem = 2\n", 3, "unknown key \"upstrem\" in [postgres a]",
         "did you mean \"upstream\"?"},
        {"[postgres a]\nlisten = 99999\n", 2, "\"99999\" is not an address",
         "write host:port, [v6]:port, port or unix:/path"},
        {"[limits]\ndrain_ms = -1\n", 2, "drain_ms is a number from 0 to 600000, not \"-1\"", ""},
        {"[limits]\ndrain_ms = 1\ndrain_ms = 2\n", 3, "drain_ms is given twice, first in line 2",
         ""},
        {"[slowburn]\nlog_format = xml\n", 2, "log_format is text or json, not \"xml\"", ""},
        {"log_level = info\n", 1, "the key \"log_level\" stands before any section",
         "begin with [slowburn]"},
        {"[slowburn]\nwhat is this\n", 2, "neither a [section] nor a key = value", ""},
        {"[postgres a]\nlisten = 1\nlisten = 2\n", 3, "listen is given twice in [postgres a]",
         "give each listener a section of its own name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(config) struct config *c = config_new();
        struct diag diag = {0};
        assert_true(read_text(cases[i].text, c, &diag) < 0);
        assert_string_equal(diag.message, cases[i].message);
        assert_string_equal(diag.hint, cases[i].hint);
        assert_int_equal(diag.line, cases[i].line);
        assert_string_equal(diag.file, path);
    }
}

static void
a_long_line_is_named(void **state)
{
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    char text[1000] = "[advisor a]\ndsn = ";
    memset(text + strlen(text), 'x', 800);
    assert_true(read_text(text, c, &diag) < 0);
    assert_int_equal(diag.line, 2);
    assert_non_null(strstr(diag.message, "the line is longer than"));
}

static void
what_does_not_fit_together_is_refused(void **state)
{
    const char *const texts[] = {
        "[slowburn]\nlog_level = info\n",
        "[postgres a]\nlisten = 1\n",
        "[postgres a]\nupstream = 1\n",
        "[postgres a]\nlisten = 1\nupstream = 2\n[http b]\nlisten = 1\nupstream = 3\n",
        "[postgres a]\nlisten = 1\nupstream = 1\n",
        "[postgres a]\nlisten = 1\nupstream = 2\n[limits]\nring_bytes = 100000\n",
        "[postgres a]\nlisten = 1\nupstream = 2\n[slowburn]\nadmin = nowhere\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(config) struct config *c = config_new();
        struct diag diag = {0};
        assert_true(read_text(texts[i], c, &diag) < 0);
        assert_true(diag_is_set(&diag));
    }
}

static void
too_many_listeners_are_refused(void **state)
{
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    char text[4096] = "";
    for (int i = 0; i <= CONFIG_LISTENERS_MAX; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof(text) - at, "[http l%d]\nlisten = %d\nupstream = 9\n", i,
                 1000 + i);
    }
    assert_true(read_text(text, c, &diag) < 0);
    assert_int_equal(diag.line, 3 * CONFIG_LISTENERS_MAX + 2);
}

static void
options_are_checked(void **state)
{
    const char *cases[][4] = {
        {"run", "--postgres", "6432", NULL},  {"run", "--postgrs", "1=2", NULL},
        {"run", "--log-level", "loud", NULL}, {"run", "--data", NULL, NULL},
        {"run", "extra", NULL, NULL},         {"run", "-c", "/nonexistent/slowburn.conf", NULL},
        {"run", "--postgres", "1=2=3", NULL}, {"run", "--http", "=1", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(config) struct config *c = config_new();
        struct diag diag = {0};
        int argc = 0;
        while (cases[i][argc] != NULL) {
            argc++;
        }
        assert_true(config_from_options(c, argc, words(cases[i]), &diag) < 0);
        assert_true(diag_is_set(&diag));
    }
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    const char *help[] = {"run", "--help", NULL};
    assert_int_equal(config_from_options(c, 2, words(help), &diag), 1);
}

static void
receivers_of_incidents_are_read_and_passed_on(void **state)
{
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    assert_int_equal(read_text("[postgres]\nlisten = 6432\nupstream = 5432\n"
                               "[webhook]\nurl = http://127.0.0.1/a\n"
                               "[webhook oncall]\nkind = pagerduty\nsecret_file = /etc/key\n"
                               "[slowburn]\ninstance = db-1\n",
                               c, &diag),
                     0);
    assert_int_equal(c->webhook_count, 2);
    assert_string_equal(c->webhooks[0].name, "webhook");
    char *text = configure_analyzer(c, "/data");
    assert_non_null(strstr(text, "\"instance\":\"db-1\""));
    assert_non_null(strstr(text, "{\"name\":\"oncall\",\"kind\":\"pagerduty\","));
    free(text);
    AUTO(config) struct config *no_url = config_new();
    assert_int_equal(read_text("[postgres]\nlisten = 6432\nupstream = 5432\n"
                               "[slowburn]\notlp = collector:4318\n",
                               no_url, &diag),
                     -EINVAL);
    assert_non_null(strstr(diag.message, "otlp does not begin with http://"));
    AUTO(config) struct config *wrong = config_new();
    diag = (struct diag){0};
    assert_int_equal(read_text("[postgres]\nlisten = 6432\nupstream = 5432\n"
                               "[webhook oncall]\nkind = pagerduty\n",
                               wrong, &diag),
                     -EINVAL);
    assert_non_null(strstr(diag.message, "the webhook \"oncall\": kind = pagerduty needs"));
}

static void
objectives_are_read_and_passed_on(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"[objective pay]\nroute = /pay\n",
         "the objective \"pay\": neither availability nor latency_ms is given"},
        {"[objective pay]\navailability = 101\n", "availability is a number from 50 to 99.9999"},
        {"[objective pay]\navailabilty = 99\n", "unknown key \"availabilty\""},
        {"[objective pay]\navailability = 99\nroute = \xff\n", "is not UTF-8"},
    };
    AUTO(config) struct config *c = config_new();
    struct diag diag = {0};
    (void)state;
    assert_int_equal(read_text("[postgres]\nlisten = 6432\nupstream = 5432\n"
                               "[objective]\navailability = 99.5\n"
                               "[objective pay]\nroute = POST /pay\nlatency_ms = 300\n",
                               c, &diag),
                     0);
    assert_int_equal(c->objectives.count, 2);
    char *text = configure_analyzer(c, "/data");
    json_t *o = json_loads(text, 0, NULL);
    struct objectives got;
    objectives_from_json(json_object_get(o, "objectives"), &got);
    assert_int_equal(got.count, 2);
    assert_string_equal(got.of[0].name, "objective");
    assert_float_equal(got.of[0].availability, 99.5, 0);
    assert_string_equal(got.of[1].route, "POST /pay");
    assert_float_equal(got.of[1].latency_ms, 300, 0);
    assert_float_equal(got.of[1].latency, 99, 0);
    assert_int_equal(got.of[1].days, 30);
    json_decref(o);
    free(text);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(config) struct config *bad = config_new();
        char file[512];
        diag = (struct diag){0};
        snprintf(file, sizeof(file), "[postgres]\nlisten = 6432\nupstream = 5432\n%s",
                 wrong[i].text);
        assert_int_equal(read_text(file, bad, &diag), -EINVAL);
        assert_non_null(strstr(diag.message, wrong[i].message));
    }
}

/* What the analyzer is told, in minutes; without a word it is the host's. */
static void
the_users_time_is_a_setting(void **state)
{
    static const struct {
        const char *text;
        const char *told; /* NULL: refused */
    } cases[] = {
        {"120", "\"utc_offset_min\":120"},
        {"+330", "\"utc_offset_min\":330"},
        {"-300", "\"utc_offset_min\":-300"},
        {"841", NULL},
        {"-841", NULL},
        {"--1", NULL},
        {"2h", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct config *c = config_new();
        struct diag diag = {0};
        int r = config_set(c, SETTING_utc_offset, slice_from_str(cases[i].text), &diag);
        assert_int_equal(r, cases[i].told == NULL ? -EINVAL : 0);
        char *text = configure_analyzer(c, "/d");
        assert_true(cases[i].told == NULL || strstr(text, cases[i].told) != NULL);
        free(text);
        config_free(&c);
    }
    setenv("TZ", "UTC-5:30", 1);
    struct config *c = config_new();
    unsetenv("TZ");
    assert_int_equal(config_number(c, SETTING_utc_offset), 330);
    config_free(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_read),
        cmocka_unit_test(options_win_over_the_file_and_lists_grow),
        cmocka_unit_test(every_error_names_its_line_and_a_way_out),
        cmocka_unit_test(a_long_line_is_named),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(too_many_listeners_are_refused),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(receivers_of_incidents_are_read_and_passed_on),
        cmocka_unit_test(objectives_are_read_and_passed_on),
        cmocka_unit_test(the_users_time_is_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
