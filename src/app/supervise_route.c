/* SPDX-License-Identifier: Apache-2.0 */
#include "app/supervise_state.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/footprint.h"
#include "io/log.h"
#include "io/now.h"

#define STATUS_EVERY_NS   (5 * NS_PER_S)
#define MESSAGES_PER_TURN 64

static struct party *
party_of(struct supervisor *s, unsigned who)
{
    switch (who) {
    case PARTY_PROXY:
        return &s->proxy;
    case PARTY_ANALYZER:
        return &s->analyzer;
    case PARTY_ADVISOR:
        return &s->advisor;
    default:
        return NULL;
    }
}

static void
on_hello(struct supervisor *s, struct party *p, const struct channel_message *m, uint64_t now_ns)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *version = json_string_value(json_object_get(o, "version"));
    snprintf(p->version, sizeof(p->version), "%.31s", version == NULL ? "" : version);
    json_decref(o);
    p->greeted = true;
    if (p->who == PARTY_PROXY && !p->ready) {
        supervise_configure_proxy(s, p, true);
    } else if (p == &s->analyzer) {
        supervise_configure_analyzer(s);
        supervise_attach_all(s, now_ns);
        s->status_at_ns = now_ns;
        supervise_tell_ready(s);
    } else if (p == &s->advisor) {
        supervise_configure_advisor(s);
    }
}

/* It has its configuration, or does not want it. */
static void
on_configured(struct supervisor *s, struct party *p, const json_t *o, uint64_t now_ns)
{
    const char *reason = json_string_value(json_object_get(o, "reason"));
    if (json_is_true(json_object_get(o, "ok"))) {
        if (!p->ready) {
            supervise_proxy_is_ready(s, now_ns);
        }
        return;
    }
    struct diag diag = {0};
    diag_set(&diag, -EINVAL, "the proxy refuses its configuration: %.300s",
             reason == NULL ? "it does not say why" : reason);
    if (p->ready) {
        supervise_log_diag(&diag, "configure_refused", "the proxy goes on with what it had");
    } else {
        supervise_fail(s, &diag, "configure_refused", "the proxy refuses its configuration");
    }
}

static void
on_status(struct supervisor *s, struct party *p, const struct channel_message *m, uint64_t now_ns)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    if (p == &s->upgrade.trial || (p == &s->successor && m->id == p->configure_id)) {
        supervise_upgrade_said(s, p, o, now_ns);
    } else if (p == &s->proxy && m->id != 0 && m->id == p->configure_id) {
        on_configured(s, p, o, now_ns);
    } else if (p->who == PARTY_PROXY && json_is_true(json_object_get(o, "retired"))) {
        p->sessions = (uint64_t)json_integer_value(json_object_get(o, "sessions"));
        p->end_ns =
            now_ns + (uint64_t)json_integer_value(json_object_get(o, "left_ms")) * NS_PER_MS;
    }
    json_decref(o);
}

/* A question that cannot be delivered is answered here, so that nobody waits for it. */
static void
answer_instead(struct supervisor *s, const struct channel_message *m, int error)
{
    json_t *o = json_loadb((const char *)m->payload.ptr, m->payload.len, 0, NULL);
    const char *question = json_string_value(json_object_get(o, "ask"));
    json_t *answer =
        json_pack("{s:s, s:b, s:s}", "ask", question == NULL ? "" : question, "ok", 0, "reason",
                  error == -EAGAIN ? "the advisor is busy" : "the advisor is not running");
    char *text = json_dumps(answer, JSON_COMPACT);
    (void)party_send_text(&s->analyzer, CHANNEL_ANSWER, m->id, text);
    free(text);
    json_decref(answer);
    json_decref(o);
}

/* Who may say what to whom; anything else is dropped. */
static bool
is_routed(unsigned type, unsigned from, unsigned to)
{
    switch (type) {
    case CHANNEL_ASK:
        return from == PARTY_ANALYZER && to == PARTY_ADVISOR;
    case CHANNEL_ANSWER:
        return from == PARTY_ADVISOR && to == PARTY_ANALYZER;
    case CHANNEL_LENS:
        return from == PARTY_ANALYZER && to == PARTY_PROXY;
    case CHANNEL_RINGS:
        return from == PARTY_PROXY && to == PARTY_ANALYZER;
    case CHANNEL_STATUS:
        return to == PARTY_ANALYZER && from != PARTY_ANALYZER;
    default:
        return false;
    }
}

static void
to_all_proxies(struct supervisor *s, struct channel_message *m)
{
    struct party *proxies[CHANNEL_PROXIES_MAX + 1];
    size_t count = supervise_proxies(s, proxies);
    for (size_t i = 0; i < count; i++) {
        if (proxies[i]->ready) {
            (void)party_send(proxies[i], m);
        }
    }
}

static void
route(struct supervisor *s, struct party *from, struct channel_message *m, uint64_t now_ns)
{
    struct party *to = party_of(s, m->to);
    m->from = (uint8_t)from->who; /* whatever it said */
    if (to == NULL || !is_routed(m->type, m->from, m->to)) {
        log_warn("app", "message_refused", "a process may not send this",
                 LOG_STR("from", from->name), LOG_U64("type", m->type), LOG_U64("to", m->to));
        return;
    }
    if (m->type == CHANNEL_LENS) {
        to_all_proxies(s, m);
        return;
    }
    int r = to->ready ? party_send(to, m) : -EPIPE;
    if (r < 0 && m->type == CHANNEL_ASK) {
        answer_instead(s, m, r);
    } else if (r < 0 && m->type == CHANNEL_RINGS && to->ready) {
        from->attach_at_ns = now_ns + SUPERVISE_RETRY_NS;
    }
}

static void
on_message(struct supervisor *s, struct party *p, struct channel_message *m, uint64_t now_ns)
{
    if (m->type == CHANNEL_HELLO) {
        on_hello(s, p, m, now_ns);
    } else if (m->type == CHANNEL_STATUS && m->to != PARTY_ANALYZER) {
        on_status(s, p, m, now_ns);
    } else {
        route(s, p, m, now_ns);
    }
}

void
supervise_read(struct supervisor *s, struct party *p, uint64_t now_ns)
{
    for (int i = 0; i < MESSAGES_PER_TURN && p->channel != NULL; i++) {
        struct channel_message m;
        int r = channel_receive(p->channel, &m);
        if (r == 0) {
            return;
        }
        if (r < 0) {
            /* Gone, or not one of ours any more. The proxy is left to its traffic. */
            channel_free(&p->channel);
            p->ready = p->who == PARTY_PROXY && p->ready;
            if (r != -EPIPE) {
                log_error("app", "channel_broken", "a process sends what cannot be read",
                          LOG_STR("name", p->name), LOG_ERRNO(r));
            }
            if (p == &s->analyzer || p == &s->advisor) {
                party_signal(p, SIGTERM);
            }
            return;
        }
        on_message(s, p, &m, now_ns);
        channel_message_close_fds(&m);
    }
}

void
supervise_send_rings_end(struct supervisor *s, const struct party *p)
{
    char text[48];
    int len = snprintf(text, sizeof(text), "{\"workers\":0,\"slot\":%u}", p->slot);
    struct channel_message m = {
        .type = CHANNEL_RINGS, .from = PARTY_PROXY, .payload = slice_of(text, (size_t)len)};
    if (s->analyzer.ready) {
        (void)party_send(&s->analyzer, &m);
    }
}

static json_t *
describe(const struct party *p)
{
    json_t *o = json_pack("{s:i, s:I, s:I, s:b, s:b}", "pid", (int)p->pid, "restarts",
                          (json_int_t)p->restarts, "messages_lost", (json_int_t)p->lost, "ready",
                          p->ready, "adopted", p->adopted);
    struct footprint f;
    if (party_is_running(p) && footprint_of(p->pid, &f) == 0) {
        json_object_set_new(o, "up_s", json_integer((json_int_t)f.up_s));
        json_object_set_new(o, "cpu_s", json_real(f.cpu_s));
        json_object_set_new(o, "memory_bytes", json_integer((json_int_t)f.memory_bytes));
    }
    return o;
}

/* What a person wants to know of a former proxy: how much is left, and until when. */
static json_t *
describe_retired(struct supervisor *s, uint64_t now_ns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SUPERVISE_RETIRED_MAX; i++) {
        const struct party *p = &s->retired[i];
        if (!party_is_running(p)) {
            continue;
        }
        char until[UPGRADE_TIME_MAX];
        uint64_t left_s = p->end_ns > now_ns ? (p->end_ns - now_ns) / NS_PER_S : 0;
        upgrade_record_time(now_wall_s() + (time_t)left_s, until);
        json_array_append_new(list, json_pack("{s:i, s:s, s:I, s:s}", "pid", (int)p->pid, "version",
                                              p->version, "sessions_left", (json_int_t)p->sessions,
                                              "until", until));
    }
    return list;
}

void
supervise_send_status(struct supervisor *s, uint64_t now_ns)
{
    s->status_at_ns = now_ns + STATUS_EVERY_NS;
    if (!s->analyzer.ready) {
        return;
    }
    json_t *children = json_object();
    const struct party *parties[] = {&s->proxy, &s->analyzer, &s->advisor};
    for (size_t i = 0; i < ARRAY_LEN(parties); i++) {
        json_object_set_new(children, parties[i]->name, describe(parties[i]));
    }
    json_t *facts = json_pack("{s:i, s:s, s:o}", "pid", (int)getpid(), "version", SLOWBURN_VERSION,
                              "children", children);
    json_t *retired = describe_retired(s, now_ns);
    if (json_array_size(retired) > 0) {
        s->status_at_ns = now_ns + NS_PER_S;
        json_object_set(facts, "former_proxies", retired);
    }
    json_decref(retired);
    if (s->upgrade.record.id > 0) {
        json_object_set_new(facts, "upgrade", upgrade_record_json(&s->upgrade.record));
    }
    json_t *o = json_pack("{s:o}", "supervisor", facts);
    char *text = json_dumps(o, JSON_COMPACT);
    (void)party_send_text(&s->analyzer, CHANNEL_STATUS, 0, text);
    free(text);
    json_decref(o);
}
