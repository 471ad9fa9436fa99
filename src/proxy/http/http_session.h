/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/http_session.h - one client of the HTTP hop and its connection to the upstream.
 *
 *   client side:    HEAD ──head──> BODY ──its end──> HEAD        (held while a response is due)
 *   upstream side:  nothing due ──request──> HEAD ──> BODY ──its end──> nothing due
 *
 * One request at a time: what a pipelining client sends early waits in the session's input. Each
 * client has an upstream connection of its own, opened for its first request, and each side's end
 * is the other's, as it would be without us.
 *
 * A head goes on in one piece once it is complete and was found right; a request's with what is
 * added to it (http_add.h). Bodies pass as they come, each piece after it was found right. What is
 * wrong goes no further: a request is refused, a response becomes a 502 where nothing of it has
 * passed yet, and the end of the connection where something has.
 *
 * http_client.c is the client's side, http_server.c the upstream's, http_answer.c what slowburn
 * answers by itself, driver.c the rest. The worker's thread only. */
#ifndef PROXY_HTTP_HTTP_SESSION_H
#define PROXY_HTTP_HTTP_SESSION_H

#include "base/prng.h"
#include "proto/http/http_body.h"
#include "proxy/http/exchange.h"
#include "proxy/http/held.h"
#include "proxy/http/http_edit.h"

_Static_assert(HTTP_HEAD_MAX + HTTP_ADDED_MAX <= DRIVER_OWN_MAX, "a head goes on in one piece");

struct http_worker {
    const struct driver_env *env;
    struct prng prng;
    uint64_t next_request;
    struct http_head scratch;
    uint8_t insert[HTTP_HEAD_MAX + HTTP_ADDED_MAX];
};

struct http_session {
    struct exchange *exchange; /* the request whose response is due */
    struct exchange *done;     /* whose response is complete, but still on its way through */
    struct held request_head;
    struct held response_head;
    struct http_body request_body;
    struct http_body response_body;
    uint64_t head_start_ns; /* first byte of the head that is being read */
    uint64_t moved_ns;      /* when bytes last came, from either side */
    uint64_t taken;         /* bytes that the client had taken by taken_ns, if some were waiting */
    uint64_t taken_ns;
    uint64_t requests;
    uint64_t backend; /* its id while it is open */
    uint32_t epoch;   /* of the consumer that heard of the session */
    bool has_begun;   /* the client has sent a byte, and it was no TLS */
    bool in_request_body;
    bool in_response_body;
    bool awaits_continue; /* the client may be waiting for a 100 before it sends the body */
    bool is_last;         /* after this response the connection ends */
    bool tunnel;
    bool refused; /* our own error was sent; what else comes is thrown away */
};

/* driver_ops.client_bytes and upstream_bytes. */
size_t http_client_bytes(void *worker, struct driver_session *s, struct slice chunk,
                         uint64_t now_ns, struct driver_out *out);
size_t http_server_bytes(void *worker, struct driver_session *s, struct slice chunk,
                         uint64_t now_ns, struct driver_out *out);

/* The exchange is over; its record follows when its last bytes have gone on. */
void http_session_finish(struct http_session *h, uint64_t now_ns);
/* Sends that record. */
void http_session_publish(struct driver_session *s);
/* Tells a consumer that is new of the session. */
void http_session_announce(struct http_worker *w, struct driver_session *s, uint64_t now_ns);

/* A short answer of our own in the place of a response, then the end. Where a response has begun,
 * only the end. text: static. */
void http_answer(struct http_worker *w, struct driver_session *s, unsigned status, const char *text,
                 struct driver_out *out);
/* The request is not passed on, nor is anything behind it. reason: static. */
void http_answer_refusal(struct http_worker *w, struct driver_session *s, unsigned status,
                         const char *reason, struct driver_out *out);
/* There is no upstream. */
void http_answer_failure(struct http_worker *w, struct driver_session *s,
                         enum driver_failure failure, struct driver_out *out);
/* The upstream has failed in the middle of an exchange. event, reason: static. */
void http_answer_broken(struct http_worker *w, struct driver_session *s, unsigned status,
                        const char *event, const char *reason, struct driver_out *out);

#endif
