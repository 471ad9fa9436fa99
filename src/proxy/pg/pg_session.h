/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_session.h - one PostgreSQL session as its observer sees it; private to this folder.
 *
 *     client's facts (pg_client.h) ──push──> replies ──match── server's facts (pg_server.c)
 *                 \__ statements, portals, executions __/ ──emit──> records (pg_emit.c)
 *
 * driver.c moves bytes and phases; the observer only looks. Whatever it cannot follow with
 * certainty makes it lose its place: pg_session_lost, and the session is relayed on unobserved.
 * About 1.2 KiB a session, the rest as pg_exec.h and pg_reader.h say. One worker's thread. */
#ifndef PROXY_PG_PG_SESSION_H
#define PROXY_PG_PG_SESSION_H

#include "base/list.h"
#include "proto/pg/pg_backend.h"
#include "proto/pg/pg_frontend.h"
#include "proto/pg/pg_replies.h"
#include "proto/pg/pg_startup.h"
#include "proto/pg/pg_value.h"
#include "proxy/cancels.h"
#include "proxy/driver.h"
#include "proxy/observe.h"
#include "proxy/pg/pg_auth.h"
#include "proxy/pg/pg_exec.h"
#include "proxy/pg/pg_login.h"
#include "proxy/pg/pg_names.h"
#include "proxy/pg/pg_reader.h"
#include "proxy/pg/pg_secrets.h"

/* Bytes of one result that are hashed. */
#define PG_RESULT_HASHED_MAX 16384u
#define PG_PORTALS_MAX       256u
/* Statements of one simple Query that get a record each; later ones pass unobserved. */
#define PG_QUERY_STATEMENTS_MAX 64u

struct pg_worker {
    struct driver_env env;
    struct list sessions;
    struct pg_texts texts;
    struct pg_execs execs;
    struct pg_readers readers;
    struct lens *lens;
    struct pg_secrets *secrets;
};

enum pg_phase {
    PG_PHASE_STARTUP,
    PG_PHASE_NORMAL, /* authentication included */
    PG_PHASE_CANCEL, /* a cancel request is on its way; its server's end is waited for */
    PG_PHASE_OVER,   /* nothing more is expected of the client */
};

/* No execution any more: the Query has answered more statements than were read in it. */
#define PG_QUERY_BEYOND UINT32_MAX

struct pg_session {
    struct list node;
    struct pg_worker *worker;
    struct driver_session *s;
    struct observe observe;
    uint8_t phase; /* enum pg_phase */
    uint8_t tx_state;
    bool login_is_over;
    bool goodbye;        /* Terminate was sent */
    bool replication;    /* followed, but not observed: a stream of changes, not of queries */
    bool batch_executes; /* since the last Sync */
    bool backslashes;    /* standard_conforming_strings is off, as far as the server has said */
    bool refused_here;   /* `refusal` is slowburn's own */
    char refusal[5];     /* why the client was not let in; zeroes: it was, or nobody has said */
    uint8_t head_len;
    uint8_t head[8];        /* of a startup packet */
    struct pg_login *login; /* NULL: its bytes pass untouched */
    struct pg_auth *auth;   /* NULL: it is not ours to check */
    uint64_t user_key;      /* under which it is counted; 0: not */
    uint64_t ready_ns;      /* the server has said ReadyForQuery, and the client nothing since; 0 */
    uint32_t cancel_slot;   /* in the table of keys; CANCELS_NONE */
    uint32_t cancel_pid;
    uint16_t cancel_key_len; /* 0: the server gave none, or one that cannot be */
    uint8_t cancel_key[PG_CANCEL_KEY_MAX];
    union {
        struct pg_startup startup; /* PG_PHASE_STARTUP */
        struct {
            struct pg_frontend frontend;
            struct pg_backend backend;
        };
    };
    struct pg_replies replies;

    struct pg_names statements;
    struct pg_names portals;      /* values: struct pg_exec */
    struct pg_statement *unnamed; /* statement */
    uint32_t unnamed_portal;      /* execution */
    uint64_t batch;               /* counts Sync and Query */
    uint32_t session_seq;
    uint32_t in_flight; /* Query and Execute that wait for their end */

    /* The message that is being read from the client. */
    uint64_t message_ns;
    uint64_t message_inside_ns;
    uint64_t inside_before_ns; /* the session's, without the bytes in hand */
    struct pg_reader *reader;
    struct pg_statement *parsing;
    uint32_t query_first;
    uint32_t query_last;
    uint32_t query_count;
    uint32_t binding;
    bool bind_cut;
    uint32_t bind_room; /* bytes of its values that are still looked at */
    struct pg_value value;

    /* What is being answered. */
    uint32_t query_at; /* execution of the simple Query; 0: its first */
    uint32_t held;     /* an execution that waits for the transaction state behind it */
    bool query_cut;
    bool query_unclear;
    bool row_spoilt;
    uint32_t result_len;
    struct hash_stream result;
    struct pg_row row;
    struct pg_value cell;
    struct pg_statement *described;
    uint32_t described_exec;
};

/* pg_client.c, pg_server.c. False: the place is lost, `reason` says why. */
bool pg_client_bytes(struct pg_session *p, struct slice bytes, uint64_t now_ns,
                     const char **ret_reason);
bool pg_server_bytes(struct pg_session *p, struct slice bytes, uint64_t now_ns,
                     const char **ret_reason);

/* pg_statements.c: names and what they stand for. */
struct pg_statement *pg_statements_find(struct pg_session *p, uint64_t name);
/* Takes the reference; false: the table is full (the reference is given back). */
bool pg_statements_add(struct pg_session *p, struct pg_statement *statement);
/* Its Parse failed or was skipped: what it shadowed is back. */
void pg_statements_undo(struct pg_session *p, struct pg_statement *statement);
void pg_statements_confirm(struct pg_session *p, struct pg_statement *statement);
void pg_statements_close(struct pg_session *p, struct pg_statement *statement, uint64_t now_ns);
void pg_statements_close_all(struct pg_session *p, uint64_t now_ns);
void pg_portals_set(struct pg_session *p, uint64_t name, struct pg_exec *e);
struct pg_exec *pg_portals_find(struct pg_session *p, uint64_t name);
void pg_portals_close(struct pg_session *p, uint64_t name);
void pg_portals_close_all(struct pg_session *p);

/* pg_emit.c */
/* Announces the text of a fingerprint, if it is wanted. normal: NULL: take it from raw, which is
 * read with backslashes or without. */
void pg_emit_statement(struct pg_session *p, uint64_t fingerprint, enum statement_kind kind,
                       bool truncated, const struct slice *normal, const struct pg_text *raw,
                       bool backslashes, uint64_t now_ns);
/* The execution has ended; its times and lens are settled. */
void pg_emit_settle(struct pg_session *p, struct pg_exec *e, bool failed, uint64_t now_ns);
void pg_emit(struct pg_session *p, struct pg_exec *e, uint8_t tx_state, uint64_t now_ns);
/* A statement that was prepared and never executed goes. */
void pg_emit_unused(struct pg_session *p, const struct pg_statement *statement, uint64_t now_ns);

/* pg_session.c */
void pg_session_init(struct pg_session *p, struct pg_worker *worker, struct driver_session *s);
/* Nobody is let in with this; the first reason counts, and none once the client is in. */
void pg_session_refused(struct pg_session *p, const char sqlstate[5], bool here);

/* Emits what is unfinished (unless the place was lost) and gives everything back. */
void pg_session_end(struct pg_session *p, enum close_reason reason, uint64_t now_ns);
void pg_session_lost(struct pg_session *p, const char *reason);
/* What one side has said, unless the place was lost; it may be lost by it. */
void pg_session_client(struct pg_session *p, struct slice bytes, uint64_t now_ns);
void pg_session_server(struct pg_session *p, struct slice bytes, uint64_t now_ns);
/* The name of the unnamed statement and portal. */
uint64_t pg_session_unnamed(void);

#endif
