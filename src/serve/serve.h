/* SPDX-License-Identifier: Apache-2.0
 * serve/serve.h - the admin API: HTTP on a loopback TCP socket and on DATA/admin.sock.
 *
 * One thread of its own with one poll loop; it answers from immutable texts that others made, so
 * that no reader ever waits for the judge, nor the judge for a reader. doc/api.md has the paths.
 *
 *    judge ──texts──> serve_source.document        serve_answer <──results── judge
 *                            │                          │
 *                            v                          v
 *       client <── JSON ── serve thread ──command──> serve_source.command
 *
 * Reading needs no token on loopback. What changes state is taken on the unix socket (0600), or on
 * TCP with `Authorization: Bearer` and the content of DATA/token (0600); access.h has the rules.
 * Limits: connections (one that idles makes room for a new one), head SERVE_HEAD_MAX, body
 * SERVE_BODY_MAX, idle and slow clients are cut off, commands and questions waited for at most
 * config.command_wait_ns. Over a limit is an answer (413, 431, 503), and counted.
 *
 * GET /api/v1/events stays open and names the documents that have changed, at most once a second
 * to each of SERVE_SUBSCRIBERS_MAX subscribers. Nothing is queued for them: one that does not read
 * what was sent within slow_timeout_ns is dropped, and counted. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <jansson.h>

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"
#include "model/mute.h"

#define SERVE_HEAD_MAX            (16u * 1024)
#define SERVE_BODY_MAX            (16u * 1024)
#define SERVE_NAME_MAX            128
#define SERVE_ROUTE_MAX           512
#define SERVE_CONNECTIONS_DEFAULT 256
#define SERVE_SUBSCRIBERS_MAX     128 /* to events; more are answered 503 */
#define SERVE_SOCKET_NAME         "admin.sock"
#define SERVE_TOKEN_NAME          "token"

/* A text that nobody changes any more, shared by counting. Any thread. */
struct serve_text;
struct serve_text *serve_text_new(struct slice content); /* copies */
struct serve_text *serve_text_ref(struct serve_text *text);
void serve_text_free(struct serve_text **text); /* drops one reference */
struct slice serve_text_slice(const struct serve_text *text);

enum serve_document {
    SERVE_INCIDENTS,
    SERVE_QUERIES,
    SERVE_REQUESTS,
    SERVE_STATUS,
    SERVE_DOCUMENT_COUNT,
};

enum serve_command_kind {
    SERVE_ACK,
    SERVE_CLOSE,
    SERVE_EXPECT,
    SERVE_ANNOTATE,
    SERVE_MUTE,
    SERVE_DEPLOY,
    SERVE_TRACES, /* these ask for a text that is made when it is wanted */
    SERVE_TRACE,
    SERVE_METRICS,
    SERVE_MUTES,
    SERVE_WINDOWS,
};

struct serve_command {
    enum serve_command_kind kind;
    uint64_t ticket;           /* for serve_answer */
    uint32_t incident;         /* ack, close, expect, annotate */
    uint32_t seconds;          /* mute: for so long, at most MUTE_SECONDS_MAX; 0: not any more;
                                * windows: of so many */
    char text[SERVE_BODY_MAX]; /* printable, not empty: a deploy's name, and each that it affects
                                * on a line of its own behind that; an annotation, what to mute
                                * (model/mute.h); a trace's id; traces: of this route, or "";
                                * windows: since this second, in digits */
};

enum serve_question_kind {
    SERVE_OVERVIEW, /* everything, over time */
    SERVE_ROUTE,    /* the route `name` */
    SERVE_QUERY,    /* the statement `fingerprint` */
    SERVE_PLANS,    /* the plans of the statement `fingerprint` */
};

/* What has to be looked up in the store. */
struct serve_question {
    enum serve_question_kind kind;
    uint64_t ticket; /* for serve_answer */
    uint64_t from_s; /* wall clock; 0: an hour before to_s */
    uint64_t to_s;   /* 0: now */
    uint64_t fingerprint;
    char name[SERVE_ROUTE_MAX];
};

/* Where answers come from. Called on the serve thread only; none may wait for anything but a
 * short lock. What is NULL is not there: its paths answer 404. */
struct serve_source {
    void *ctx;
    /* A reference that the caller drops. NULL: not there yet (503). */
    struct serve_text *(*document)(void *ctx, enum serve_document which);
    /* Takes the command into a queue: 0, then exactly one serve_answer; -EAGAIN: full (503). */
    int (*command)(void *ctx, const struct serve_command *command);
    /* The same for a question; its answer has a text. */
    int (*question)(void *ctx, const struct serve_question *question);
    /* Another number whenever the document has become another. */
    uint64_t (*version)(void *ctx, enum serve_document which);
    /* An incident's document as a postmortem in Markdown; NULL: no memory. */
    struct serve_text *(*postmortem)(void *ctx, const json_t *incident);
    /* The answer to SERVE_METRICS in Prometheus' text format, or OpenMetrics; NULL: no memory. */
    struct serve_text *(*metrics)(void *ctx, struct slice json, bool openmetrics);
};

struct serve_config {
    int tcp_fd;               /* listening, or -1; taken */
    int unix_fd;              /* listening, or -1: serve makes DATA/admin.sock itself; taken */
    const char *data_dir;     /* borrowed during serve_new; NULL: no unix socket, no token */
    uint32_t connections_max; /* 0: SERVE_CONNECTIONS_DEFAULT */
    uint64_t idle_timeout_ns; /* between two requests; 0: 60 s */
    uint64_t slow_timeout_ns; /* for one request or one answer; 0: 10 s */
    uint64_t command_wait_ns; /* 0: 5 s */
};

struct serve;

/* Makes the socket and the token and starts the thread. The source is copied; its ctx is borrowed.
 * Takes the descriptors, also on failure. 0 or -errno with a diag. */
MUST_CHECK int serve_new(const struct serve_config *config, const struct serve_source *source,
                         struct diag *diag, struct serve **ret_serve);

/* Stops the thread and waits for it. */
void serve_free(struct serve **serve);

/* The result of a command: 0; -ENOENT: no such incident, trace or mute; -EALREADY: it is in that
 * state already; -ENOSPC: there is no room for another one; else a failure. text: the JSON of the
 * answer, or NULL for a plain {"ok": true}; a reference that is taken. Any thread; an answer that
 * comes too late is dropped. */
void serve_answer(struct serve *serve, uint64_t ticket, int result, struct serve_text **text);

struct serve_totals {
    uint64_t requests;
    uint64_t errors;  /* answered with 4xx or 5xx */
    uint64_t refused; /* connections over the limit */
    uint64_t subscribers;
    uint64_t subscribers_dropped; /* because they did not read */
};
struct serve_totals serve_totals(const struct serve *serve); /* any thread */

#endif
