/* SPDX-License-Identifier: Apache-2.0
 * proxy/pg/pg_exec.h - prepared statements and executions, as the observer of a session holds them.
 *
 * struct pg_statement: what Parse or PREPARE made. struct pg_exec: one execution (or Parse,
 * Describe, Close) from the client's first byte to the server's last. Both are counted references,
 * because a pipeline may replace a statement or a portal while older messages wait for their
 * answers. Executions come from a pool per worker and are named by an index, which is the token of
 * pg_replies.h; 0 is none. Bounded: PG_EXECS_MAX per worker, PG_STATEMENTS_MAX per session; when
 * full, an execution passes unobserved, and is counted. One worker's thread. */
#ifndef PROXY_PG_PG_EXEC_H
#define PROXY_PG_PG_EXEC_H

#include "model/event.h"
#include "proto/pg/pg_fact.h"
#include "proxy/lens.h"
#include "proxy/pg/pg_text.h"

struct server_timing;

#define PG_EXECS_MAX      16384u
#define PG_STATEMENTS_MAX 4096u
#define PG_TYPES_MAX      64u

/* What becomes of the session's statements when an execution has ended well. */
enum pg_effect {
    PG_EFFECT_NONE,
    PG_EFFECT_PREPARE, /* `statement` is confirmed */
    PG_EFFECT_CLOSE,   /* `statement` is gone */
    PG_EFFECT_CLOSE_ALL,
};

struct pg_statement {
    uint64_t name; /* hash_bytes of it */
    uint32_t refs;
    struct pg_statement *shadowed; /* of the same name; back when this one fails to be parsed */
    bool confirmed;                /* the server has said that it exists */
    bool truncated;
    bool backslashes;     /* its text is to be read so */
    bool used_in_batch;   /* executed behind its own Parse: their round trip is one */
    uint8_t kind;         /* enum statement_kind */
    uint8_t effect;       /* enum pg_effect of executing it */
    uint64_t fingerprint; /* 0: not known */
    uint64_t literal_hash;
    uint64_t batch; /* in which it was parsed */
    uint64_t parse_start_ns;
    uint64_t prepare_ns; /* of its own round trips, until an execution takes them */
    uint64_t parse_inside_ns;
    uint64_t parse_bytes;
    uint64_t executions;
    uint8_t trace_id[16];
    uint8_t parent_span[8];
    struct pg_text *text;
    struct pg_text *tags;
    struct pg_statement *target; /* what it executes or deallocates itself */
    uint16_t type_count;
    uint16_t column_count;
    uint32_t *types; /* of the parameters; 0: not known */
    struct pg_column *columns;
};

enum pg_exec_state {
    PG_EXEC_NEW,
    PG_EXEC_QUEUED, /* waits for its answer */
    PG_EXEC_DONE,
    PG_EXEC_FAILED,
};

struct pg_exec {
    uint32_t index;
    uint32_t refs;
    uint32_t next;  /* of a simple Query: the statement behind it */
    uint32_t flags; /* enum query_flag */
    uint32_t session_seq;
    uint8_t kind;
    uint8_t role;
    uint8_t effect;
    uint8_t state;
    char sqlstate[5];
    bool copies; /* its reply is COPY data */
    bool cut;    /* more statements of its Query are not followed */
    bool alone;  /* Close or DEALLOCATE that takes a round trip of its own */
    uint16_t value_count;
    uint64_t fingerprint;
    uint64_t values_hash;
    uint64_t result_hash;
    uint64_t start_ns;
    uint64_t first_row_ns;
    uint64_t end_ns;
    uint64_t prepare_ns;
    uint64_t inside_ns; /* the session's at the start; at the end the difference */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t rows;
    uint64_t rows_seen;
    uint8_t trace_id[16];
    uint8_t parent_span[8];
    uint64_t timing; /* of its request, by pg_timing.h; 0: nothing to be done */
    struct pg_formats result_formats;
    struct pg_statement *statement;
    struct pg_text *tags;
    struct lens_capture *lens;
    uint64_t values[EVENT_VALUES_MAX];
};

struct pg_execs {
    struct pg_exec **chunks;
    uint32_t *free;
    uint32_t free_count;
    uint32_t made;
    struct pg_texts *texts;              /* borrowed */
    struct lens *lens;                   /* borrowed */
    struct server_timing *server_timing; /* borrowed; NULL: nobody wants it */
};

void pg_execs_init(struct pg_execs *x, struct pg_texts *texts, struct lens *lens,
                   struct server_timing *server_timing);
void pg_execs_fini(struct pg_execs *x);

/* One reference; zeroed. NULL when there are PG_EXECS_MAX. */
struct pg_exec *pg_exec_new(struct pg_execs *x);
struct pg_exec *pg_exec_at(const struct pg_execs *x, uint32_t index); /* 0: NULL */
void pg_exec_put(struct pg_execs *x, uint32_t index);                 /* 0 is fine */

/* One reference. NULL without memory. */
struct pg_statement *pg_statement_new(uint64_t name);
struct pg_statement *pg_statement_ref(struct pg_statement *s);
void pg_statement_put(struct pg_execs *x, struct pg_statement **s);
/* Room for the types of `count` parameters, at most PG_TYPES_MAX. */
void pg_statement_set_type(struct pg_statement *s, unsigned index, uint32_t oid);
uint32_t pg_statement_type(const struct pg_statement *s, unsigned index);

#endif
