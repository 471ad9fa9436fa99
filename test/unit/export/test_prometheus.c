/* SPDX-License-Identifier: Apache-2.0
 * The two formats, to the letter where they differ. That both are valid is for promtool and a real
 * Prometheus to say: test/peer/test_prometheus.py. */
#include "export/prometheus.h"

#include <errno.h>
#include <string.h>

#include "unit/unit.h"

static void
write_both(struct buf ret_text[2])
{
    json_t *metrics = json_pack(
        "{s:[{s:s, s:s, s:i, s:i, s:f, s:[i,i,i]}, {s:s, s:s}], s:[], s:f, s:i, s:i, "
        "s:[{s:s, s:s, s:f, s:{s:f}}]}",
        "requests", "route", "/a\"b\\c\n", "method", "GET", "count", 3, "failed", 1, "sum_s", 0.25,
        "buckets", 0, 1, 2, "route", "/b", "route_basis", "application", "operations",
        "database_load", 1.5, "incidents_open", 2, "incidents_quiet", 1, "objectives", "name",
        "pay", "indicator", "latency", "budget_left", -0.25, "burn_rate", "1h", 14.5);
    json_t *status = json_pack("{s:{s:i, s:i}}", "proxy", "queries", 7, "sessions_now", 4);
    assert_non_null(metrics);
    for (int i = 0; i < 2; i++) {
        buf_init(&ret_text[i], 1u << 20);
        assert_int_equal(prometheus_write(metrics, status, (enum prometheus_format)i, &ret_text[i]),
                         0);
    }
    json_decref(metrics);
    json_decref(status);
}

static void
assert_has(struct buf *text, const char *line)
{
    if (strstr(buf_str(text), line) == NULL) {
        fail_msg("not there: %s", line);
    }
}

static void
both_formats_say_the_same(void **state)
{
    struct buf text[2];
    write_both(text);
    for (int i = 0; i < 2; i++) {
        assert_has(&text[i], "http_server_request_duration_seconds_bucket{http_request_method="
                             "\"GET\",slowburn_route_guess=\"/a\\\"b\\\\c\\n\",le=\"0.005\"} 0\n");
        assert_has(&text[i], "http_request_method=\"_OTHER\",http_route=\"/b\",");
        assert_has(&text[i], ",le=\"+Inf\"} 3\n");
        assert_has(&text[i], "slowburn_database_load 1.5\n");
        assert_has(&text[i], "slowburn_incidents_open 2\n");
        assert_has(&text[i], "slowburn_incidents_quiet 1\n");
        assert_has(&text[i], "slowburn_objective_budget_remaining_ratio{objective=\"pay\","
                             "indicator=\"latency\"} -0.25\n");
        assert_has(&text[i], "slowburn_objective_burn_rate{objective=\"pay\",indicator=\"latency\","
                             "window=\"1h\"} 14.5\n");
        assert_has(&text[i], "slowburn_proxy_queries_total 7\n");
        assert_has(&text[i], "slowburn_proxy_sessions 4\n");
    }
    assert_has(&text[PROMETHEUS_TEXT], "# TYPE slowburn_proxy_queries_total counter\n");
    assert_has(&text[PROMETHEUS_TEXT], "le=\"10\"}");
    assert_null(strstr(buf_str(&text[PROMETHEUS_TEXT]), "# EOF"));
    assert_has(&text[PROMETHEUS_OPENMETRICS], "# TYPE slowburn_proxy_queries counter\n");
    assert_has(&text[PROMETHEUS_OPENMETRICS], "le=\"10.0\"}");
    assert_has(&text[PROMETHEUS_OPENMETRICS], "\n# EOF\n");
    buf_fini(&text[0]);
    buf_fini(&text[1]);
}

static void
nothing_known_is_valid_and_no_room_is_said(void **state)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    assert_int_equal(prometheus_write(NULL, NULL, PROMETHEUS_TEXT, &text), 0);
    assert_has(&text, "slowburn_build_info{version=\"");
    buf_fini(&text);
    buf_init(&text, 100);
    assert_int_equal(prometheus_write(NULL, NULL, PROMETHEUS_TEXT, &text), -E2BIG);
    buf_fini(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_say_the_same),
        cmocka_unit_test(nothing_known_is_valid_and_no_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
