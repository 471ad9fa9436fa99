/* SPDX-License-Identifier: Apache-2.0
 * proto/pg/pg_replies.h - which reply of the server belongs to which message of the client.
 *
 *     client's messages ──push──> [ EXECUTE | SYNC | PARSE | BIND | ... ] <──match── server's
 *                                   head: what is being answered
 *
 * A queue of expected replies. The caller pushes every message that has an answer and gives it a
 * token; each message of the server is matched against the head. The rules are PostgreSQL's:
 * after an error in the extended protocol everything up to Sync is skipped unanswered (a Query in
 * there too); an error in a simple Query ends that Query; while COPY reads from the client a Sync
 * is swallowed (but not one that it has not read when it fails), and CopyDone or CopyFail have no
 * answer of their own; a replication stream (CopyBoth) reads and writes until both sides have ended
 * it; notices, notifications and
 * parameter changes come at any time. ReadyForQuery answers STARTUP, SYNC, QUERY and FUNCTION.
 *
 * What fits no rule is DEC_BAD: the place is lost, the session is to become opaque. It never
 * guesses: where PostgreSQL's answer cannot be told from the bytes seen, the place is lost.
 *
 * Owns at most PG_REPLIES_MAX entries of 8 bytes; 16 as long as nobody pipelines. It allocates
 * only when the queue grows beyond what it was. One thread at a time. */
#ifndef PROTO_PG_PG_REPLIES_H
#define PROTO_PG_PG_REPLIES_H

#include "base/check.h"
#include "base/decode.h"

#define PG_REPLIES_MAX 16384u

enum pg_reply_kind {
    PG_REPLY_STARTUP, /* pushed once by the caller: authentication up to the first ReadyForQuery */
    PG_REPLY_PARSE,
    PG_REPLY_BIND,
    PG_REPLY_DESCRIBE_STATEMENT,
    PG_REPLY_DESCRIBE_PORTAL,
    PG_REPLY_EXECUTE,
    PG_REPLY_CLOSE,
    PG_REPLY_SYNC,
    PG_REPLY_QUERY,
    PG_REPLY_FUNCTION,
    PG_REPLY_COPY_END, /* CopyDone or CopyFail */
};

struct pg_reply_entry {
    uint32_t token;
    uint8_t kind;
    bool failed; /* a QUERY that had its error: only ReadyForQuery is left */
};

enum pg_reply_event {
    PG_REPLIED_ASIDE,   /* nobody's: notice, notification, parameter; or the end of the session */
    PG_REPLIED_PART,    /* part of the entry's reply; more follows */
    PG_REPLIED_COMMAND, /* one statement of a QUERY has ended well; more may follow */
    PG_REPLIED_DONE,    /* the entry's reply has ended well */
    PG_REPLIED_FAILED,  /* an error; the entry's reply has ended (a QUERY's but for READY) */
    PG_REPLIED_READY,   /* ReadyForQuery for the entry; token 0: of a Sync that a COPY was sent */
};

struct pg_reply {
    enum pg_reply_event event;
    struct pg_reply_entry entry; /* not with ASIDE */
};

struct pg_replies {
    struct pg_reply_entry *entries;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t head;
    uint32_t count;
    bool skipping;          /* up to a Sync that has not been sent yet */
    bool copying_in;        /* the head is a COPY that reads from the client */
    bool copying_out;       /* ... that writes to it; with CopyBoth it is both */
    bool copying_both;      /* CopyBoth */
    bool copy_ended;        /* its CopyDone or CopyFail was sent */
    bool copy_data_seen;    /* CopyData was sent since CopyInResponse */
    bool copy_unclear;      /* an error could now mean more than one thing */
    bool copy_mixed;        /* it can only fail: a message that does not belong there was sent */
    uint16_t syncs_unclear; /* Syncs that a COPY was to swallow when it failed: not known whether */
    bool described;         /* rows may come; for DESCRIBE: the types have come */
    const char *reason;     /* why DEC_BAD or DEC_LIMIT */
    /* An entry that is skipped unanswered. */
    void (*on_skipped)(void *ctx, struct pg_reply_entry entry);
    void *ctx;
};

void pg_replies_init(struct pg_replies *r,
                     void (*on_skipped)(void *ctx, struct pg_reply_entry entry), void *ctx);
void pg_replies_fini(struct pg_replies *r);

/* DEC_OK: it is expected; DEC_MORE: it will not be answered (skipped; nothing was queued);
 * DEC_LIMIT: the queue is full, the place is lost. */
MUST_CHECK enum dec pg_replies_push(struct pg_replies *r, enum pg_reply_kind kind, uint32_t token);

/* The client sent CopyData. */
void pg_replies_copy_data(struct pg_replies *r);

/* Call once for each message of the server (at its first piece for rows). DEC_OK or DEC_BAD.
 * fatal: for an ErrorResponse that ends the session. */
MUST_CHECK enum dec pg_replies_match(struct pg_replies *r, uint8_t type, bool fatal,
                                     struct pg_reply *ret_reply);

/* Takes the head off: the session has ended. False: nothing is left. */
bool pg_replies_take(struct pg_replies *r, struct pg_reply_entry *ret_entry);

/* What is answered next; NULL: nothing. */
const struct pg_reply_entry *pg_replies_head(const struct pg_replies *r);

#endif
