/* SPDX-License-Identifier: Apache-2.0
 * model/event.h - the records that cross from proxy to analyzer (event.tbl lists them).
 *
 * Plain data in host byte order: producer and consumer share a machine. A record is a struct
 * event_head, the rest of its fixed body, then the tail that its comment names. Every struct is a
 * multiple of 8 bytes without holes. A reader never trusts a length: event_read copies the body,
 * zero-fills what an older writer did not send, and hands the tail out as a checked slice.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. No field holds a literal of the user, except the tail of
 * LENS_VALUES (law 6: lens buffer only). Pure; any thread. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "base/check.h"
#include "base/slice.h"

enum event_type {
#define EVENT(name, id, type, doc) EV_##name = id,
#include "model/event.tbl"
#undef EVENT
};

/* Bytes of one record, head and tail included. A multiple of 8. */
#define EVENT_LEN_MAX 65536u

struct event_head {
    uint16_t type;     /* enum event_type */
    uint16_t worker;   /* index of the sender */
    uint16_t body_len; /* of the fixed body as its writer knew it, head included */
    uint16_t missed;   /* 0 on its way; the subscriber says how many are missing before it */
    uint32_t len;      /* of the whole record, tail and padding included; a multiple of 8 */
    uint32_t epoch;    /* of the consumer's attachment; announcements repeat when it changes */
    uint64_t seq;      /* per worker and ring, +1 for each record, kept, folded or dropped */
    uint64_t time_ns;  /* when it was published */
};

enum name_kind {
    NAME_DATABASE,
    NAME_USER,
    NAME_APPLICATION,
    NAME_UPSTREAM, /* "host:port" as configured; id is the upstream's index */
    NAME_LISTENER, /* "host:port" as bound; id is the listener's index */
};

/* Tail: text[text_len]. */
struct event_name {
    struct event_head head;
    uint32_t id; /* low 32 bits of hash_bytes(text); index for upstreams and listeners */
    uint16_t kind;
    uint16_t text_len;
};

enum protocol {
    PROTOCOL_POSTGRES,
    PROTOCOL_HTTP,
};

struct event_session_open {
    struct event_head head;
    uint64_t session;  /* unique per installation run: worker in the top 16 bits */
    uint64_t start_ns; /* accepted */
    uint32_t database;
    uint32_t user;
    uint32_t application;
    uint16_t listener;
    uint16_t upstream;
    uint8_t client_ip[16]; /* v4 as ::ffff:a.b.c.d */
    uint16_t client_port;
    uint8_t protocol;
    uint8_t reannounced; /* 1: was open before this consumer attached */
    uint32_t reserved;
};

enum close_reason {
    CLOSE_CLIENT,          /* the client said goodbye or hung up */
    CLOSE_UPSTREAM,        /* the upstream hung up */
    CLOSE_UPSTREAM_FAILED, /* it could not be reached */
    CLOSE_LIMIT,           /* one of our limits */
    CLOSE_DRAIN,           /* shutting down */
    CLOSE_ERROR,           /* a socket error */
};

struct event_session_close {
    struct event_head head;
    uint64_t session;
    uint64_t start_ns;
    uint64_t end_ns;
    uint64_t queries;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint16_t reason;
    uint8_t opaque;
    uint8_t reserved[5];
};

struct event_backend_open {
    struct event_head head;
    uint64_t backend;
    uint64_t session;
    uint64_t connect_ns; /* how long it took */
    uint16_t listener;
    uint16_t upstream;
    uint32_t server_pid; /* from BackendKeyData; 0: unknown */
};

struct event_backend_close {
    struct event_head head;
    uint64_t backend;
    uint64_t session;
    uint16_t reason;
    uint8_t reserved[6];
};

/* What a statement is, by its first words. */
enum statement_kind {
    STATEMENT_OTHER,
    STATEMENT_SELECT,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_DELETE,
    STATEMENT_DDL,
    STATEMENT_TRANSACTION, /* BEGIN, COMMIT, ROLLBACK, SAVEPOINT, ... */
    STATEMENT_SESSION,     /* SET, SHOW, DISCARD, LISTEN, DEALLOCATE, ...: set-up, names no route */
    STATEMENT_COPY,
    STATEMENT_UTILITY, /* VACUUM, ANALYZE, EXPLAIN, LOCK, ... */
};

/* Tail: normalized text[text_len]. */
struct event_statement {
    struct event_head head;
    uint64_t fingerprint;
    uint32_t database;
    uint32_t text_len;
    uint8_t kind;
    uint8_t truncated; /* longer than what is fingerprinted */
    uint8_t reserved[6];
};

enum query_flag {
    QUERY_PREPARED = 1u << 0,      /* a named statement of the extended protocol, or SQL EXECUTE */
    QUERY_EXTENDED = 1u << 1,      /* came by Parse/Bind/Execute */
    QUERY_PIPELINED = 1u << 2,     /* was sent before the reply to the one before it had ended */
    QUERY_CACHED = 1u << 3,        /* answered by slowburn's own cache */
    QUERY_TRUNCATED = 1u << 4,     /* the statement was longer than what is fingerprinted */
    QUERY_ERROR = 1u << 5,         /* sqlstate is set */
    QUERY_RESULT_HASHED = 1u << 6, /* result_hash covers the whole result */
    QUERY_VALUES_HASHED = 1u << 7, /* values_hash covers every literal and bound value */
    QUERY_UNFINISHED = 1u << 8,    /* the session ended before the reply did */
    QUERY_MULTI = 1u << 9,         /* one of several statements of one simple Query */
    QUERY_PORTAL_SUSPENDED = 1u << 10,
};

/* A statement's cost is all of its round trips. Those that are not its execution are records of
 * their own role; `fingerprint` is always the statement they are about. */
enum query_role {
    ROLE_EXECUTE, /* the execution; prepare_ns holds what parsing in advance took */
    ROLE_PREPARE, /* parsed (or PREPAREd) and never executed */
    ROLE_CLOSE,   /* Close or DEALLOCATE of the statement, when it took a round trip */
};

/* Tail: uint64_t value_hash[value_count] (each literal and bound value in order, keyed hashes of
 * their canonical text, at most EVENT_VALUES_MAX), then tags[tags_len], the text of the
 * statement's last SQL comment where it has one. */
#define EVENT_VALUES_MAX 64
#define EVENT_TAGS_MAX   1024
struct event_query {
    struct event_head head;
    uint64_t session;
    uint64_t backend;
    uint64_t fingerprint;
    uint64_t values_hash;  /* keyed, over all values in order */
    uint64_t result_hash;  /* keyed, over the rows as sent */
    uint64_t start_ns;     /* first byte from the client */
    uint64_t first_row_ns; /* 0: no row */
    uint64_t end_ns;       /* last byte of its reply from the upstream */
    uint64_t prepare_ns;   /* round trips before start_ns that prepared it */
    uint64_t proxy_ns;     /* spent inside slowburn */
    uint64_t rows;         /* from the command tag */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint8_t trace_id[16]; /* from a SQL comment; zero: none, or frozen in a reused statement */
    uint8_t parent_span[8];
    uint32_t session_seq; /* position in its session, from 0 */
    uint32_t database;
    uint32_t user;
    uint32_t flags; /* enum query_flag */
    uint16_t listener;
    uint16_t upstream;
    char sqlstate[5];
    uint8_t tx_state; /* after it: 'I', 'T', 'E'; 0: not known yet */
    uint8_t kind;     /* enum statement_kind */
    uint8_t role;     /* enum query_role */
    uint16_t value_count;
    uint16_t tags_len;
};

enum http_method {
    METHOD_OTHER,
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
};

enum request_flag {
    REQUEST_UPSTREAM_FAILED = 1u << 0, /* the status is slowburn's own 502, 503 or 504 */
    REQUEST_CLIENT_ABORTED = 1u << 1,
    REQUEST_TRACE_GIVEN = 1u << 2, /* the client brought a valid traceparent */
    REQUEST_ROUTE_GIVEN = 1u << 3, /* the path is the route, as the application said it */
    REQUEST_ERROR_BODY = 1u << 4,  /* a 2xx whose body says that something went wrong */
};

enum response_body {
    RESPONSE_UNSEEN, /* compressed, to HEAD, cut off, or no 2xx: nothing can be said of it */
    RESPONSE_EMPTY,
    RESPONSE_OBJECT, /* JSON, as its first byte has it; so are the next two */
    RESPONSE_ARRAY,
    RESPONSE_MARKUP,
    RESPONSE_OTHER,
    RESPONSE_BODY_COUNT,
};

enum response_type {
    RESPONSE_TYPE_NONE, /* no Content-Type */
    RESPONSE_TYPE_JSON,
    RESPONSE_TYPE_HTML,
    RESPONSE_TYPE_TEXT,
    RESPONSE_TYPE_OTHER,
    RESPONSE_TYPE_COUNT,
};

/* Of its object (of an array its first element) and of one item in it: which members are there.
 * Names may be a user's data, so there are only six bits of a keyed hash of each, and of name and
 * type: sets in which two members may share a bit, that can neither be read nor guessed back. A set
 * says what is missing only where the end of its object was seen. */
struct response_shape {
    uint64_t root_names, root_typed;
    uint64_t item_names, item_typed;
    uint16_t item_of; /* hash of the name of the member that the item is, or is the first of */
    uint8_t body;     /* enum response_body */
    uint8_t type;     /* enum response_type */
    uint8_t root_is_whole;
    uint8_t item_is_whole;
    uint8_t reserved[2];
};

/* Tail: uint64_t value_hash[value_count] (path segments, query, body, cookies, bearer token: the
 * values that may turn up among bound values), then path[path_len], the path with what is
 * obviously a value (number, UUID, long hex, date) already replaced by "{id}" and the query string
 * dropped. */
#define EVENT_PATH_MAX 512
struct event_request {
    struct event_head head;
    uint64_t request;
    uint64_t session;
    uint64_t start_ns;      /* first byte of the request */
    uint64_t first_byte_ns; /* of the response, from the upstream */
    uint64_t end_ns;        /* last byte of the response, from the upstream */
    uint64_t proxy_ns;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t body_hash; /* keyed, of the response body */
    uint8_t trace_id[16];
    uint8_t span_id[8];     /* the one slowburn gave to the upstream as parent */
    uint8_t parent_span[8]; /* the client's; zero: none */
    uint32_t flags;         /* enum request_flag */
    uint16_t listener;
    uint16_t upstream;
    uint16_t status;
    uint8_t method; /* enum http_method */
    uint8_t reserved0;
    uint16_t value_count;
    uint16_t path_len;
    struct response_shape shape;
};

/* Tail: statement text as sent[text_len], then for each parameter: int32_t len (-1: NULL), bytes,
 * each padded to 4. The only record with literals: it stays in memory. */
#define EVENT_LENS_TEXT_MAX 32768
struct event_lens_values {
    struct event_head head;
    uint64_t fingerprint;
    uint64_t session;
    uint64_t query_start_ns;
    uint32_t session_seq;
    uint32_t database;
    uint32_t user;
    uint32_t text_len;
    uint16_t param_count;
    uint16_t format_binary; /* 1: at least one parameter came in binary */
    uint32_t reserved;
};

/* One column of event_lens_rows, as RowDescription names it. */
struct event_lens_column {
    uint32_t table_oid; /* 0: an expression */
    int16_t attnum;
    uint16_t reserved;
    uint32_t type_oid;
    uint32_t name_hash; /* low 32 bits of hash_bytes(name) */
};

/* Tail: struct event_lens_column[column_count], then uint64_t hash[row_count * column_count], row
 * by row: keyed hashes of canonical text; 0 is NULL. Hashes compare with value_hash of queries. */
#define EVENT_LENS_ROWS_MAX    128
#define EVENT_LENS_COLUMNS_MAX 24
struct event_lens_rows {
    struct event_head head;
    uint64_t fingerprint;
    uint64_t session;
    uint64_t query_start_ns;
    uint32_t session_seq;
    uint32_t row_count;
    uint32_t rows_total; /* the result had so many */
    uint16_t column_count;
    uint16_t reserved;
};

struct event_in_flight {
    struct event_head head;
    uint64_t session;
    uint64_t fingerprint; /* 0: nothing in flight */
    uint64_t start_ns;
    uint32_t in_flight;      /* queries of this worker that wait for a reply */
    uint32_t in_transaction; /* sessions idle in a transaction */
};

struct event_folded {
    struct event_head head;
    uint64_t fingerprint; /* 0: the fold table was full; everything else */
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns;
    uint32_t database;
    uint32_t reserved;
};

struct event_folded_request {
    struct event_head head;
    uint64_t path_hash; /* hash_bytes(method byte, path); 0: everything else */
    uint64_t requests;
    uint64_t errors;
    uint64_t time_ns;
};

enum counter {
#define COUNTER(name, doc) COUNTER_##name,
#include "model/counter.tbl"
#undef COUNTER
    COUNTER_COUNT
};

/* Tail: uint64_t value[count] in the order of counter.tbl. */
struct event_counters {
    struct event_head head;
    uint32_t count;
    uint32_t reserved;
};

/* What a client calls itself before it is let in may be a secret that was typed in the wrong place,
 * so its names are hashes (as the ids of NAME), and not announced. */
struct event_login_refused {
    struct event_head head;
    uint64_t session;
    uint32_t database;
    uint32_t user;
    uint8_t client_ip[16];
    uint16_t listener;
    uint16_t upstream;
    char sqlstate[5];
    uint8_t by_slowburn; /* 0: the server has said so */
    uint8_t reserved[6];
};

/* Storage for any record's fixed body. */
union event {
    struct event_head head;
#define EVENT(name, id, type, doc) struct type as_##type;
#include "model/event.tbl"
#undef EVENT
};

/* Size of the fixed body, 0 for an unknown type. */
size_t event_body_size(unsigned type);

/* Copies the fixed body of one whole record out of `record` (which starts with its head), fills
 * what an older writer did not send with zeroes, and points *ret_tail into the record.
 * 0; -ENOENT: unknown type, skip it; -EBADMSG: the lengths inside do not fit the record. */
MUST_CHECK int event_read(struct slice record, union event *ret_event, struct slice *ret_tail);

#endif
