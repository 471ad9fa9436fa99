/* SPDX-License-Identifier: Apache-2.0
 * serve/connection.h - one client of the admin API: its bytes in, its requests, its answers out.
 *
 *   READ ──a whole request──> answered at once ──> WRITE ──> READ (keep-alive)
 *                       └──> WAIT for an answer ──^      ├──> LINGER ──> gone
 *                                                        └──> STREAM of events, until it ends
 *
 * One fixed input buffer for head and body, one request at a time. Every state has a deadline. A
 * connection that ends after an answer lingers until the client has read it, so that the answer is
 * not lost to a reset. The next event of a stream is made when the one before it was taken by the
 * socket: what changed meanwhile is told in one. The serve thread only. */
#ifndef SERVE_CONNECTION_H
#define SERVE_CONNECTION_H

#include "proto/http/http_body.h"
#include "serve/api.h"

enum connection_state {
    CONNECTION_READ,
    CONNECTION_WAIT,
    CONNECTION_WRITE,
    CONNECTION_STREAM,
    CONNECTION_LINGER,
    CONNECTION_GONE,
};

/* What connections share; the server owns it. */
struct connection_env {
    struct serve_source source;
    struct token token;
    bool has_token;
    uint64_t idle_timeout_ns;
    uint64_t slow_timeout_ns;
    uint64_t command_wait_ns;
    uint64_t next_ticket;
    uint64_t requests;
    uint64_t errors;
    uint32_t subscribers;
    uint64_t subscribers_dropped;
};

struct connection {
    int fd; /* owned */
    enum api_peer peer;
    enum connection_state state;
    uint64_t deadline_ns;
    enum api_form form; /* of the answer to it */
    uint64_t ticket;    /* of the command that is waited for; 0: none */
    bool closes;        /* after the answer in hand */
    bool is_head;       /* no body in the answer */
    bool has_head;
    bool continued; /* 100 Continue was sent */
    struct http_head head;
    struct http_body body;
    uint32_t body_at;  /* next byte of the body to decode */
    uint32_t body_len; /* payload so far */
    uint32_t in_len;
    uint32_t out_head_len;
    size_t out_at;
    struct serve_text *out_text;
    const struct console_asset *out_asset; /* instead of the text */
    bool streams;                          /* counted as a subscriber */
    uint64_t event_due_ns;                 /* not before then */
    uint64_t comment_due_ns;               /* something is sent by then */
    uint32_t event_at;                     /* sent of the event in the payload */
    uint32_t event_len;
    uint64_t seen[SERVE_DOCUMENT_COUNT]; /* versions that were told */
    uint8_t out_head[1024];
    uint8_t payload[SERVE_BODY_MAX];
    uint8_t in[SERVE_HEAD_MAX + 2 * SERVE_BODY_MAX];
};

/* Takes the fd, which must not block. */
struct connection *connection_new(int fd, enum api_peer peer, uint64_t now_ns,
                                  const struct connection_env *env);
void connection_free(struct connection **connection);

/* Is it between two requests? Then it may be closed for another client. */
bool connection_is_idle(const struct connection *c);

/* What poll should wait for. */
short connection_events(const struct connection *c);

/* After poll: reads, answers, writes, as far as it goes without waiting. */
void connection_turn(struct connection *c, struct connection_env *env, short revents,
                     uint64_t now_ns);

/* The command's result has come. Takes the text. */
void connection_answer(struct connection *c, struct connection_env *env, int result,
                       struct serve_text **text, uint64_t now_ns);

/* Looks at the deadline; sends the event that is due. */
void connection_tick(struct connection *c, struct connection_env *env, uint64_t now_ns);

#endif
