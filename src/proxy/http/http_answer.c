/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "io/log.h"
#include "proto/http/http_writer.h"
#include "proxy/http/http_session.h"

void
http_answer(struct http_worker *w, struct driver_session *s, unsigned status, const char *text,
            struct driver_out *out)
{
    struct http_session *h = s->state;
    struct http_writer writer;
    out->close = true;
    h->refused = true;
    if (h->in_response_body) {
        return; /* in the middle of another's response it would be read as a part of it */
    }
    http_writer_init(&writer, w->insert, sizeof(w->insert));
    http_writer_status(&writer, status);
    http_writer_field(&writer, "Content-Type", SLICE_LIT("text/plain; charset=utf-8"));
    http_writer_field(&writer, "Server", SLICE_LIT("slowburn"));
    http_writer_field(&writer, "Connection", SLICE_LIT("close"));
    if (h->exchange != NULL && h->exchange->is_head) {
        http_writer_length(&writer, strlen(text));
    } else {
        http_writer_body(&writer, slice_from_str(text));
    }
    out->to_client = http_writer_slice(&writer);
    if (h->exchange != NULL) {
        h->exchange->event.status = (uint16_t)status;
    }
}

void
http_answer_refusal(struct http_worker *w, struct driver_session *s, unsigned status,
                    const char *reason, struct driver_out *out)
{
    char text[160];
    snprintf(text, sizeof(text), "slowburn: this request was not passed on: %s\n", reason);
    log_info("http", "request_refused", "a request was refused: it is not valid HTTP/1.1",
             LOG_U64("listener", s->listener), LOG_U64("status", status),
             LOG_STR("reason", reason));
    http_answer(w, s, status, text, out);
    out->drop = true;
}

static const struct {
    uint16_t status;
    const char *event;
    const char *text;
} failures[] = {
    [DRIVER_FAILURE_REFUSED] = {502, "upstream_refused",
                                "slowburn: the application behind this address cannot be "
                                "reached: the connection was refused\n"},
    [DRIVER_FAILURE_TIMEOUT] = {504, "upstream_timeout",
                                "slowburn: the application behind this address cannot be "
                                "reached: connecting took too long\n"},
    [DRIVER_FAILURE_RESOLVE] = {502, "upstream_unknown",
                                "slowburn: the application behind this address cannot be "
                                "reached: its name has no address\n"},
    [DRIVER_FAILURE_TLS] = {502, "upstream_tls",
                            "slowburn: no TLS with the application behind this address\n"},
    [DRIVER_FAILURE_LIMIT] = {503, "session_limit", "slowburn: too many connections at once\n"},
    [DRIVER_FAILURE_LISTENER] = {503, "listener_limit",
                                 "slowburn: too many connections to this address at once\n"},
    [DRIVER_FAILURE_ADDRESS] = {503, "address_limit",
                                "slowburn: too many connections of one client at once\n"},
    [DRIVER_FAILURE_DRAINING] = {503, "draining", "slowburn: shutting down\n"},
};

void
http_answer_failure(struct http_worker *w, struct driver_session *s, enum driver_failure failure,
                    struct driver_out *out)
{
    struct http_session *h = s->state;
    unsigned status = failures[failure].status;
    log_warn("http", failures[failure].event, "a request was answered by slowburn: no upstream",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream),
             LOG_U64("status", status));
    if (h->exchange != NULL) {
        h->exchange->event.flags |= REQUEST_UPSTREAM_FAILED;
    }
    http_answer(w, s, status, failures[failure].text, out);
}

void
http_answer_broken(struct http_worker *w, struct driver_session *s, unsigned status,
                   const char *event, const char *reason, struct driver_out *out)
{
    struct http_session *h = s->state;
    char text[200];
    log_warn("http", event, "the upstream has failed within an exchange",
             LOG_U64("listener", s->listener), LOG_U64("upstream", s->upstream),
             LOG_STR("reason", reason), LOG_BOOL("cut", h->in_response_body));
    snprintf(text, sizeof(text), "slowburn: no usable response of the application: %s\n", reason);
    if (h->exchange != NULL) {
        h->exchange->event.flags |= REQUEST_UPSTREAM_FAILED;
    }
    http_answer(w, s, status, text, out);
    out->drop = true;
}
