/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/observe.h"

#include "proxy/announce.h"

/* Text of a statement in its record; longer ones are cut there, not in their fingerprint. */
#define STATEMENT_TEXT_MAX 16384u

void
observe_name_set(struct observe_name *name, struct slice text)
{
    name->len = (uint8_t)MIN(text.len, OBSERVE_NAME_MAX);
    if (name->len > 0) {
        memcpy(name->bytes, text.ptr, name->len);
    }
}

static uint32_t
announce_name(const struct driver_env *env, enum name_kind kind, const struct observe_name *name,
              uint64_t now_ns)
{
    return publisher_name(env->publisher, now_ns, kind, slice_of(name->bytes, name->len));
}

static void
announce(struct observe *o, const struct driver_env *env, const struct driver_session *s,
         enum protocol protocol, bool again, uint64_t now_ns)
{
    o->epoch = publisher_epoch(env->publisher);
    o->database_id = announce_name(env, NAME_DATABASE, &o->database, now_ns);
    o->user_id = announce_name(env, NAME_USER, &o->user, now_ns);
    o->application_id = announce_name(env, NAME_APPLICATION, &o->application, now_ns);

    const struct announce_names names = {o->database_id, o->user_id, o->application_id};
    announce_session(env, s, protocol, names, again, now_ns);
    if (s->backend_id != 0) {
        o->backend_opened = true;
        announce_backend(env, s, o->server_pid, now_ns);
    }
}

static void
announce_again(struct observe *o, const struct driver_env *env, const struct driver_session *s,
               uint64_t now_ns)
{
    if (o->opened && o->epoch != publisher_epoch(env->publisher)) {
        announce(o, env, s, (enum protocol)o->protocol, true, now_ns);
    }
}

void
observe_open(struct observe *o, const struct driver_env *env, const struct driver_session *s,
             enum protocol protocol, uint64_t now_ns)
{
    o->opened = true;
    o->protocol = (uint8_t)protocol;
    announce(o, env, s, protocol, false, now_ns);
}

void
observe_close(struct observe *o, const struct driver_env *env, const struct driver_session *s,
              enum close_reason reason, uint64_t now_ns)
{
    if (!o->opened) {
        return;
    }
    announce_again(o, env, s, now_ns);
    if (o->backend_opened) {
        announce_backend_end(env, s, s->backend_id, reason, now_ns);
    }
    announce_session_end(env, s, o->queries, reason, now_ns);
}

void
observe_refused(const struct observe *o, const struct driver_env *env,
                const struct driver_session *s, const char sqlstate[5], bool by_slowburn,
                uint64_t now_ns)
{
    union event ev = {0};
    struct event_login_refused *r = &ev.as_event_login_refused;
    *r = (struct event_login_refused){
        .head.type = EV_LOGIN_REFUSED,
        .session = s->id,
        .database = (uint32_t)hash_bytes(slice_of(o->database.bytes, o->database.len)),
        .user = (uint32_t)hash_bytes(slice_of(o->user.bytes, o->user.len)),
        .listener = s->listener,
        .upstream = s->upstream,
        .by_slowburn = by_slowburn,
    };
    memcpy(r->sqlstate, sqlstate, sizeof(r->sqlstate));
    memcpy(r->client_ip, s->client_ip, sizeof(r->client_ip));
    publisher_send(env->publisher, now_ns, &ev, NULL, 0);
}

bool
observe_wants_statement(struct observe *o, const struct driver_env *env,
                        const struct driver_session *s, uint64_t fingerprint, uint64_t now_ns)
{
    announce_again(o, env, s, now_ns);
    return publisher_wants_statement(env->publisher, fingerprint, o->database_id);
}

void
observe_statement(struct observe *o, const struct driver_env *env, uint64_t fingerprint,
                  enum statement_kind kind, bool truncated, struct slice text, uint64_t now_ns)
{
    text = slice_sub(text, 0, STATEMENT_TEXT_MAX);
    union event ev = {0};
    ev.as_event_statement = (struct event_statement){
        .head.type = EV_STATEMENT,
        .fingerprint = fingerprint,
        .database = o->database_id,
        .text_len = (uint32_t)text.len,
        .kind = (uint8_t)kind,
        .truncated = truncated,
    };
    publisher_send(env->publisher, now_ns, &ev, &text, 1);
}

void
observe_query(struct observe *o, const struct driver_env *env, const struct driver_session *s,
              union event *ev, const uint64_t *values, struct slice tags, uint64_t now_ns)
{
    struct event_query *q = &ev->as_event_query;
    announce_again(o, env, s, now_ns);
    if (q->role == ROLE_EXECUTE) {
        o->queries++;
        env->counters[COUNTER_queries]++;
        env->counters[COUNTER_query_errors] += (q->flags & QUERY_ERROR) != 0;
    }
    q->head.type = EV_QUERY;
    q->session = s->id;
    q->backend = s->backend_id;
    q->database = o->database_id;
    q->user = o->user_id;
    q->listener = s->listener;
    q->upstream = s->upstream;
    tags = slice_sub(tags, 0, EVENT_TAGS_MAX);
    q->tags_len = (uint16_t)tags.len;
    const struct slice tails[2] = {slice_of(values, q->value_count * sizeof(uint64_t)), tags};
    publisher_send(env->publisher, now_ns, ev, tails, 2);
}
