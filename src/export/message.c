/* SPDX-License-Identifier: Apache-2.0 */
#include "export/message.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/hash.h"
#include "export/member.h"

#define TEXT_MAX  (16u * 1024)
#define LISTED    3u
#define NO_END    "0001-01-01T00:00:00Z"
#define FORMAT    1 /* of the generic message */
#define AM_FORMAT "4"

static void
put_ms(struct buf *b, double ms)
{
    (void)buf_printf(b, fabs(ms) < 10 ? "%.1f ms" : "%.0f ms", ms);
}

void
message_key(const json_t *incident, const char *instance, char ret_key[MESSAGE_KEY_MAX])
{
    snprintf(ret_key, MESSAGE_KEY_MAX, "slowburn/%.160s/%" PRId64 "/%.40s", instance,
             (int64_t)json_integer_value(json_object_get(incident, "id")),
             member_text(incident, "opened_at"));
}

bool
message_is_for(enum webhook_kind kind, enum announce_change change, enum announce_change told)
{
    return kind == WEBHOOK_KIND_GENERIC || change != ANNOUNCE_CLOSED || told != ANNOUNCE_RECOVERED;
}

static bool
is_over(const struct message *m)
{
    return m->change >= ANNOUNCE_RECOVERED;
}

static json_t *
string_of(struct buf *b)
{
    json_t *s = json_string(buf_str(b));
    return s != NULL ? s : json_string("?"); /* cut within a character */
}

static void
put_link(const struct message *m, struct buf *b)
{
    size_t len = strlen(m->console);
    bool slash = len > 0 && m->console[len - 1] == '/';
    if (len > 0) {
        (void)buf_printf(b, "%s%sincident/%" PRId64, m->console, slash ? "" : "/",
                         (int64_t)json_integer_value(json_object_get(m->incident, "id")));
    }
}

static json_t *
link_json(const struct message *m)
{
    AUTO_BUF struct buf b;
    buf_init(&b, TEXT_MAX);
    put_link(m, &b);
    return string_of(&b);
}

/* "GET /api/orders is slowing down" */
static void
put_headline(const struct message *m, struct buf *b)
{
    static const char *const what[ANNOUNCE_CHANGE_COUNT] = {
        [ANNOUNCE_NOTHING] = "",
        [ANNOUNCE_OPENED] = " is slowing down",
        [ANNOUNCE_REOPENED] = " is slowing down again",
        [ANNOUNCE_WORSE] = " is getting worse",
        [ANNOUNCE_FIXING] = ": a fix has landed",
        [ANNOUNCE_RECOVERED] = " is back to normal",
        [ANNOUNCE_CLOSED] = ": closed",
    };
    (void)buf_printf(b, "%s%s", member_text(m->incident, "subject"), what[m->change]);
}

/* Of a deploy that nobody marked there is none. */
static void
put_chance(const json_t *deploy, struct buf *b)
{
    const json_t *chance = json_object_get(deploy, "chance");
    if (json_is_number(chance)) {
        (void)buf_printf(b, " (that near by chance: %.0f %%)", 100 * json_number_value(chance));
    } else if (chance != NULL && strcmp(member_text(deploy, "basis"), "marked") == 0) {
        (void)buf_append_str(b, " (that near by chance: unknown)");
    }
}

static void
put_figures(const struct message *m, struct buf *b)
{
    const json_t *latency = json_object_get(m->incident, "latency");
    const json_t *load = json_object_get(m->incident, "database_load");
    const json_t *after = json_object_get(latency, "after");
    const json_t *deploy = json_object_get(m->incident, "deploy");
    (void)buf_append_str(b, "p95 ");
    put_ms(b, member_number(json_object_get(latency, "before"), "p95_ms"));
    (void)buf_append_str(b, " → ");
    put_ms(b, member_number(json_object_get(latency, "now"), "p95_ms"));
    if (m->change >= ANNOUNCE_FIXING && member_number(after, "requests") > 0) {
        (void)buf_append_str(b, " → ");
        put_ms(b, member_number(after, "p95_ms"));
    }
    (void)buf_printf(b, ", database load %.1f → %.1f", member_number(load, "before"),
                     member_number(load, "now"));
    if (json_is_object(deploy)) {
        (void)buf_printf(b, "; first seen %.0f s after %s", member_number(deploy, "onset_after_s"),
                         member_text(deploy, "name"));
        put_chance(deploy, b);
    }
    (void)buf_append_str(b, "\n");
}

static void
put_causes(const struct message *m, struct buf *b)
{
    size_t i;
    const json_t *cause;
    json_array_foreach(json_object_get(m->incident, "causes"), i, cause)
    {
        if (i < LISTED) {
            (void)buf_printf(b, "%zu. %s, %s: %s (%s)\n", i + 1, member_text(cause, "kind"),
                             member_text(cause, "short"), member_text(cause, "detail"),
                             member_text(cause, "evidence"));
        }
    }
}

/* What to do while it burns; what was measured once it was done. */
static void
put_actions(const struct message *m, struct buf *b)
{
    size_t i, listed = 0;
    const json_t *action;
    bool looks_back = m->change >= ANNOUNCE_FIXING;
    json_array_foreach(json_object_get(m->incident, "actions"), i, action)
    {
        const char *state = member_text(action, "state");
        bool is_measured = strcmp(state, "measured") == 0;
        bool is_proposed = strcmp(state, "proposed") == 0;
        if (listed == LISTED || (looks_back ? is_proposed : !is_proposed)) {
            continue;
        }
        listed++;
        (void)buf_printf(b, "%s: %s", looks_back ? "Done" : "Do", member_text(action, "text"));
        if (!looks_back || is_measured) {
            (void)buf_append_str(b, looks_back ? " (measured: removed " : " (would remove ");
            put_ms(b, member_number(action, looks_back ? "measured_ms" : "saving_alone_ms"));
            (void)buf_append_str(b, " of the mean)");
        }
        (void)buf_append_str(b, "\n");
    }
}

static void
put_description(const struct message *m, struct buf *b)
{
    put_figures(m, b);
    put_causes(m, b);
    put_actions(m, b);
}

static json_t *
headline_json(const struct message *m)
{
    AUTO_BUF struct buf b;
    buf_init(&b, TEXT_MAX);
    put_headline(m, &b);
    return string_of(&b);
}

static json_t *
description_json(const struct message *m)
{
    AUTO_BUF struct buf b;
    buf_init(&b, TEXT_MAX);
    put_description(m, &b);
    return string_of(&b);
}

static json_t *
key_json(const struct message *m)
{
    char key[MESSAGE_KEY_MAX];
    message_key(m->incident, m->instance, key);
    json_t *s = json_string(key);
    return s != NULL ? s : json_string("?");
}

static json_t *
time_json(int64_t at_s)
{
    char text[32];
    time_t t = (time_t)at_s;
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_string(text);
}

/* ---- slowburn's own ---- */

static json_t *
generic(const struct message *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "version", json_integer(FORMAT));
    json_object_set_new(o, "change", json_string(announce_change_name(m->change)));
    json_object_set_new(o, "number", json_integer(m->number));
    json_object_set_new(o, "key", key_json(m));
    json_object_set_new(o, "instance", json_string(m->instance));
    json_object_set_new(o, "sent_at", time_json(m->now_s));
    json_object_set_new(o, "headline", headline_json(m));
    json_object_set_new(o, "url", link_json(m));
    json_object_set(o, "incident", (json_t *)(uintptr_t)m->incident);
    return o;
}

/* ---- Alertmanager ---- */

/* They name the alert, so they never change while it burns. */
static json_t *
labels(const struct message *m)
{
    char id[24];
    snprintf(id, sizeof(id), "%" PRId64,
             (int64_t)json_integer_value(json_object_get(m->incident, "id")));
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "alertname", "SlowburnIncident", "incident", id,
                     "instance", m->instance, "route", member_text(m->incident, "subject"),
                     "severity", "warning");
}

static json_t *
annotations(const struct message *m)
{
    return json_pack("{s:o, s:o, s:s}", "summary", headline_json(m), "description",
                     description_json(m), "change", announce_change_name(m->change));
}

static json_t *
end_json(const struct message *m)
{
    const char *recovered = member_text(m->incident, "recovered_at");
    const char *closed = member_text(m->incident, "closed_at");
    if (!is_over(m)) {
        return json_string(NO_END);
    }
    return recovered[0] != '\0' ? json_string(recovered)
           : closed[0] != '\0'  ? json_string(closed)
                                : time_json(m->now_s);
}

static json_t *
alertmanager(const struct message *m)
{
    const char *status = is_over(m) ? "resolved" : "firing";
    char key[MESSAGE_KEY_MAX], fingerprint[17];
    message_key(m->incident, m->instance, key);
    snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64, hash_bytes(slice_from_str(key)));
    json_t *alert =
        json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:s}", "status", status, "labels", labels(m),
                  "annotations", annotations(m), "startsAt", member_text(m->incident, "onset_at"),
                  "endsAt", end_json(m), "generatorURL", link_json(m), "fingerprint", fingerprint);
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:s, s:[o]}", "version", AM_FORMAT,
                     "groupKey", key, "truncatedAlerts", 0, "status", status, "receiver",
                     m->receiver, "groupLabels", labels(m), "commonLabels", labels(m),
                     "commonAnnotations", annotations(m), "externalURL", m->console, "alerts",
                     alert);
}

/* ---- PagerDuty ---- */

static json_t *
pagerduty(const struct message *m)
{
    bool has_errors = member_number(json_object_get(m->incident, "errors"), "now") >= 1;
    json_t *o = json_pack("{s:s, s:s, s:o}", "routing_key", m->secret, "event_action",
                          is_over(m) ? "resolve" : "trigger", "dedup_key", key_json(m));
    json_t *payload =
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:{s:o, s:s, s:I}}", "summary", headline_json(m),
                  "source", m->instance, "severity", has_errors ? "error" : "warning", "timestamp",
                  member_text(m->incident, "onset_at"), "component",
                  member_text(m->incident, "subject"), "custom_details", "description",
                  description_json(m), "change", announce_change_name(m->change), "incident",
                  json_integer_value(json_object_get(m->incident, "id")));
    json_object_set_new(o, "payload", payload);
    json_object_set_new(o, "client", json_string("slowburn"));
    if (m->console[0] != '\0') {
        json_object_set_new(o, "client_url", link_json(m));
    }
    return o;
}

/* ---- Slack ---- */

/* Its three control characters, which names of routes and columns may hold. */
static void
put_escaped(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)buf_append_str(b, "&amp;");
            break;
        case '<':
            (void)buf_append_str(b, "&lt;");
            break;
        case '>':
            (void)buf_append_str(b, "&gt;");
            break;
        default:
            (void)buf_append_byte(b, (uint8_t)*text);
        }
    }
}

static json_t *
slack(const struct message *m)
{
    AUTO_BUF struct buf plain, text;
    buf_init(&plain, TEXT_MAX);
    buf_init(&text, 6 * TEXT_MAX);
    put_headline(m, &plain);
    (void)buf_append_str(&text, "*");
    put_escaped(&text, buf_str(&plain));
    (void)buf_printf(&text, "* (incident %" PRId64 ", ",
                     (int64_t)json_integer_value(json_object_get(m->incident, "id")));
    put_escaped(&text, m->instance);
    (void)buf_append_str(&text, ")\n");
    buf_reset(&plain);
    put_description(m, &plain);
    put_escaped(&text, buf_str(&plain));
    buf_reset(&plain);
    put_link(m, &plain);
    put_escaped(&text, buf_str(&plain));
    json_t *o = json_object();
    json_object_set_new(o, "text", string_of(&text));
    if (m->channel[0] != '\0') {
        json_object_set_new(o, "channel", json_string(m->channel));
        json_object_set_new(o, "unfurl_links", json_false());
    }
    if (m->channel[0] != '\0' && m->thread[0] != '\0') {
        json_object_set_new(o, "thread_ts", json_string(m->thread));
        json_object_set_new(o, "reply_broadcast", json_boolean(is_over(m)));
    }
    return o;
}

char *
message_body(enum webhook_kind kind, const struct message *m)
{
    static json_t *(*const makers[])(const struct message *) = {
        [WEBHOOK_KIND_GENERIC] = generic,
        [WEBHOOK_KIND_ALERTMANAGER] = alertmanager,
        [WEBHOOK_KIND_SLACK] = slack,
        [WEBHOOK_KIND_PAGERDUTY] = pagerduty,
    };
    json_t *o = makers[kind](m);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text == NULL ? check_strdup("{}") : text;
}
