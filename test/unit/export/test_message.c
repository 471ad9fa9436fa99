/* SPDX-License-Identifier: Apache-2.0 */
#include "export/message.h"

#include <stdlib.h>
#include <string.h>

#include "export/delivery.h"
#include "unit/unit.h"

static json_t *incident;

static int
set_up(void **state)
{
    incident = json_load_file(FIXTURES "/../cli/incident.json", 0, NULL);
    assert_non_null(incident);
    return 0;
}

static int
tear_down(void **state)
{
    json_decref(incident);
    return 0;
}

static struct message
message(enum announce_change change)
{
    return (struct message){.incident = incident,
                            .change = change,
                            .number = 2,
                            .instance = "db-1",
                            .console = "https://slow.example/",
                            .receiver = "ops",
                            .secret = "the-routing-key",
                            .channel = "",
                            .thread = "",
                            .now_s = 1795864020};
}

static json_t *
body(enum webhook_kind kind, const struct message *m)
{
    char *text = message_body(kind, m);
    json_t *o = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(o);
    return o;
}

/* "a.b.0.c" */
static const char *
at(const json_t *o, const char *path)
{
    struct slice rest = slice_from_str(path), piece;
    uint64_t index;
    char key[64];
    while (slice_split(&rest, '.', &piece)) {
        o = slice_to_u64(piece, &index) == 0
                ? json_array_get(o, index)
                : json_object_get(o, slice_to_str(piece, key, sizeof(key)));
    }
    return json_string_value(o) == NULL ? "(none)" : json_string_value(o);
}

static void
the_generic_message_has_the_whole_incident(void **state)
{
    struct message m = message(ANNOUNCE_OPENED);
    json_t *o = body(WEBHOOK_KIND_GENERIC, &m);
    assert_string_equal(at(o, "change"), "opened");
    assert_string_equal(at(o, "headline"), "GET /api/orders is slowing down");
    assert_string_equal(at(o, "key"), "slowburn/db-1/1/2026-11-23T14:02:31.000Z");
    assert_string_equal(at(o, "sent_at"), "2026-11-28T11:07:00Z");
    assert_string_equal(at(o, "url"), "https://slow.example/incident/1");
    assert_int_equal(json_integer_value(json_object_get(o, "version")), 1);
    assert_int_equal(json_integer_value(json_object_get(o, "number")), 2);
    assert_true(json_equal(json_object_get(o, "incident"), incident));
    json_decref(o);
}

static void
alertmanagers_is_firing_then_resolved(void **state)
{
    struct message m = message(ANNOUNCE_WORSE);
    json_t *firing = body(WEBHOOK_KIND_ALERTMANAGER, &m);
    assert_string_equal(at(firing, "version"), "4");
    assert_string_equal(at(firing, "status"), "firing");
    assert_string_equal(at(firing, "receiver"), "ops");
    assert_string_equal(at(firing, "groupLabels.alertname"), "SlowburnIncident");
    assert_string_equal(at(firing, "commonLabels.route"), "GET /api/orders");
    assert_string_equal(at(firing, "alerts.0.status"), "firing");
    assert_string_equal(at(firing, "alerts.0.startsAt"), "2026-11-23T14:02:11.000Z");
    assert_string_equal(at(firing, "alerts.0.endsAt"), "0001-01-01T00:00:00Z");
    assert_non_null(strstr(at(firing, "alerts.0.annotations.description"),
                           "1. missing-index, items by order_id: 300,000 rows read to return 3 "
                           "(proved)\n"));
    json_object_set_new(incident, "recovered_at", json_string("2026-11-23T14:20:00.000Z"));
    m.change = ANNOUNCE_RECOVERED;
    json_t *resolved = body(WEBHOOK_KIND_ALERTMANAGER, &m);
    assert_string_equal(at(resolved, "alerts.0.status"), "resolved");
    assert_string_equal(at(resolved, "alerts.0.endsAt"), "2026-11-23T14:20:00.000Z");
    assert_string_equal(at(resolved, "alerts.0.fingerprint"), at(firing, "alerts.0.fingerprint"));
    assert_true(json_equal(json_object_get(resolved, "groupLabels"),
                           json_object_get(firing, "groupLabels")));
    assert_string_equal(at(resolved, "groupKey"), at(firing, "groupKey"));
    json_decref(firing);
    json_decref(resolved);
}

static void
pagerdutys_triggers_and_resolves_one_alert(void **state)
{
    struct message m = message(ANNOUNCE_OPENED);
    json_t *o = body(WEBHOOK_KIND_PAGERDUTY, &m);
    assert_string_equal(at(o, "routing_key"), "the-routing-key");
    assert_string_equal(at(o, "event_action"), "trigger");
    assert_string_equal(at(o, "dedup_key"), "slowburn/db-1/1/2026-11-23T14:02:31.000Z");
    assert_string_equal(at(o, "payload.summary"), "GET /api/orders is slowing down");
    assert_string_equal(at(o, "payload.source"), "db-1");
    assert_string_equal(at(o, "payload.severity"), "warning");
    assert_string_equal(at(o, "client_url"), "https://slow.example/incident/1");
    m.change = ANNOUNCE_CLOSED;
    json_t *closed = body(WEBHOOK_KIND_PAGERDUTY, &m);
    assert_string_equal(at(closed, "event_action"), "resolve");
    assert_string_equal(at(closed, "dedup_key"), at(o, "dedup_key"));
    json_decref(o);
    json_decref(closed);
}

static void
slacks_answers_in_its_thread_and_escapes(void **state)
{
    struct message m = message(ANNOUNCE_OPENED);
    json_object_set_new(incident, "subject", json_string("GET /a&b/<id>"));
    json_t *o = body(WEBHOOK_KIND_SLACK, &m);
    const char *text = at(o, "text");
    assert_ptr_equal(strstr(text, "*GET /a&amp;b/&lt;id&gt; is slowing down* (incident 1, db-1)\n"),
                     text);
    assert_non_null(strstr(text,
                           "p95 41 ms → 388 ms, database load 0.4 → 3.1; first seen 8 s after "
                           "v2 (that near by chance: 2 %)\n"));
    assert_non_null(strstr(text, "Do: roll back v2 (would remove 344 ms of the mean)\n"));
    assert_null(json_object_get(o, "channel"));
    json_decref(o);
    json_object_set_new(json_object_get(incident, "deploy"), "chance", json_null());
    o = body(WEBHOOK_KIND_SLACK, &m);
    assert_non_null(strstr(at(o, "text"), " after v2 (that near by chance: unknown)\n"));
    json_decref(o);
    m.channel = "C1";
    m.thread = "1795864020.1";
    m.change = ANNOUNCE_RECOVERED;
    o = body(WEBHOOK_KIND_SLACK, &m);
    assert_string_equal(at(o, "channel"), "C1");
    assert_string_equal(at(o, "thread_ts"), "1795864020.1");
    assert_true(json_is_true(json_object_get(o, "reply_broadcast")));
    json_decref(o);
}

static void
what_was_done_is_told_with_what_it_was_worth(void **state)
{
    json_t *action = json_array_get(json_object_get(incident, "actions"), 1);
    json_object_set_new(action, "state", json_string("measured"));
    json_object_set_new(action, "measured_ms", json_real(318.4));
    struct message m = message(ANNOUNCE_RECOVERED);
    json_t *o = body(WEBHOOK_KIND_SLACK, &m);
    assert_non_null(strstr(at(o, "text"), "Done: CREATE INDEX CONCURRENTLY ON items (order_id) "
                                          "(measured: removed 318 ms of the mean)\n"));
    assert_null(strstr(at(o, "text"), "roll back"));
    json_decref(o);
}

static void
an_incident_without_anything_is_still_json(void **state)
{
    json_t *nothing = json_object();
    struct message m = message(ANNOUNCE_OPENED);
    m.incident = nothing;
    for (enum webhook_kind k = WEBHOOK_KIND_GENERIC; k <= WEBHOOK_KIND_PAGERDUTY; k++) {
        json_t *o = body(k, &m);
        assert_true(json_object_size(o) > 0);
        json_decref(o);
    }
    json_decref(nothing);
}

/* printf '1795864020.{"a":1}' | openssl dgst -sha256 -hmac key */
static void
a_signature_is_what_others_compute(void **state)
{
    char signature[DELIVERY_SIGNATURE_MAX];
    assert_int_equal(delivery_sign(SLICE_LIT("key"), 1795864020, SLICE_LIT("{\"a\":1}"), signature),
                     0);
    assert_string_equal(signature,
                        "sha256=f51b730d9f72545f7da53123a1a019f8debdaee234acb3a5d1a7fea2167cf9b1");
}

static void
whom_closed_tells_nothing_is_not_told(void **state)
{
    assert_true(message_is_for(WEBHOOK_KIND_GENERIC, ANNOUNCE_CLOSED, ANNOUNCE_RECOVERED));
    assert_false(message_is_for(WEBHOOK_KIND_PAGERDUTY, ANNOUNCE_CLOSED, ANNOUNCE_RECOVERED));
    assert_true(message_is_for(WEBHOOK_KIND_PAGERDUTY, ANNOUNCE_CLOSED, ANNOUNCE_OPENED));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_generic_message_has_the_whole_incident),
        TEST(alertmanagers_is_firing_then_resolved),
        TEST(pagerdutys_triggers_and_resolves_one_alert),
        TEST(slacks_answers_in_its_thread_and_escapes),
        TEST(what_was_done_is_told_with_what_it_was_worth),
        TEST(an_incident_without_anything_is_still_json),
        TEST(a_signature_is_what_others_compute),
        TEST(whom_closed_tells_nothing_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
