/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/announce.h"

void
announce_session(const struct driver_env *env, const struct driver_session *s,
                 enum protocol protocol, struct announce_names names, bool again, uint64_t now_ns)
{
    union event ev = {0};
    ev.as_event_session_open = (struct event_session_open){
        .head.type = EV_SESSION_OPEN,
        .session = s->id,
        .start_ns = s->start_ns,
        .database = names.database,
        .user = names.user,
        .application = names.application,
        .listener = s->listener,
        .upstream = s->upstream,
        .client_port = s->client_port,
        .protocol = (uint8_t)protocol,
        .reannounced = again,
    };
    memcpy(ev.as_event_session_open.client_ip, s->client_ip, sizeof(s->client_ip));
    publisher_send(env->publisher, now_ns, &ev, NULL, 0);
}

void
announce_session_end(const struct driver_env *env, const struct driver_session *s, uint64_t queries,
                     enum close_reason reason, uint64_t now_ns)
{
    union event ev = {0};
    ev.as_event_session_close = (struct event_session_close){
        .head.type = EV_SESSION_CLOSE,
        .session = s->id,
        .start_ns = s->start_ns,
        .end_ns = now_ns,
        .queries = queries,
        .bytes_in = s->bytes_in,
        .bytes_out = s->bytes_out,
        .reason = (uint16_t)reason,
        .opaque = s->opaque,
    };
    publisher_send(env->publisher, now_ns, &ev, NULL, 0);
}

void
announce_backend(const struct driver_env *env, const struct driver_session *s, uint32_t server_pid,
                 uint64_t now_ns)
{
    union event ev = {0};
    ev.as_event_backend_open = (struct event_backend_open){
        .head.type = EV_BACKEND_OPEN,
        .backend = s->backend_id,
        .session = s->id,
        .connect_ns = s->connect_ns,
        .listener = s->listener,
        .upstream = s->upstream,
        .server_pid = server_pid,
    };
    publisher_send(env->publisher, now_ns, &ev, NULL, 0);
}

void
announce_backend_end(const struct driver_env *env, const struct driver_session *s, uint64_t backend,
                     enum close_reason reason, uint64_t now_ns)
{
    union event ev = {0};
    ev.as_event_backend_close = (struct event_backend_close){
        .head.type = EV_BACKEND_CLOSE,
        .backend = backend,
        .session = s->id,
        .reason = (uint16_t)reason,
    };
    publisher_send(env->publisher, now_ns, &ev, NULL, 0);
}
