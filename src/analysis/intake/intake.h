/* SPDX-License-Identifier: Apache-2.0
 * analysis/intake/intake.h - what the ingest thread hands to the judge thread: tagged items, in
 * order.
 *
 * A bounded single-producer single-consumer queue of items, each one allocation. intake_put belongs
 * to the ingest thread, intake_take to the judge thread. Neither blocks nor makes a system call
 * (the judge is woken by whoever owns the threads, analyzer.h).
 *
 *      taken (consumer, release) v          v put (producer, release)
 *      [ free                ... | item item | free ... ]
 *
 * Limits: so many items, and so many bytes in all of them. Traces and other records leave the last
 * eighth of both free for announcements (STATEMENT, ROUTE, NAME) and sums (FOLDED, FOLDED_ROUTE),
 * without which the rest cannot be read. Full is -ENOSPC and the item stays the caller's: the
 * ingest thread folds a trace into sums, repeats an announcement later, drops and counts the
 * rest.
 *
 * Order that the consumer can rely on: a ROUTE comes before the first trace that uses its index,
 * a STATEMENT and a NAME before the first trace with them if the proxy announced them at all (a
 * missing one is possible after a drop; it is repeated at the next restart). LENS items come before
 * the trace that their query ends up in. */
#ifndef ANALYSIS_INTAKE_INTAKE_H
#define ANALYSIS_INTAKE_INTAKE_H

#include "analysis/intake/trace.h"
#include "model/event.h"
#include "model/route_basis.h"

enum intake_kind {
    INTAKE_TRACE,
    INTAKE_STATEMENT,
    INTAKE_ROUTE,
    INTAKE_NAME,
    INTAKE_FOLDED,       /* query sums of a full ring, or of traces that found this queue full */
    INTAKE_FOLDED_ROUTE, /* the same for requests */
    INTAKE_LENS_VALUES,
    INTAKE_LENS_ROWS,
    INTAKE_COUNTERS,
    INTAKE_IN_FLIGHT,
    INTAKE_SESSION_OPEN,
    INTAKE_SESSION_CLOSE,
    INTAKE_LOGIN_REFUSED,
    INTAKE_ATTACHED, /* the rings are new: what was in flight before is lost, counters go on */
};

struct intake_statement {
    uint64_t fingerprint;
    uint32_t database; /* id of a NAME */
    uint8_t kind;      /* enum statement_kind */
    uint8_t truncated;
    struct slice text; /* normalized */
};

struct intake_route {
    uint32_t index;
    uint16_t listener;
    uint8_t method; /* enum http_method; METHOD_OTHER where no request was seen */
    enum route_basis basis;
    struct slice text;
};

struct intake_name {
    uint32_t id;
    uint8_t kind; /* enum name_kind */
    struct slice text;
};

/* Sums over what is not handed over one by one. */
struct intake_folded {
    uint64_t fingerprint; /* 0: many */
    uint32_t database;
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns;
};

struct intake_folded_route {
    uint32_t route; /* TRACE_ROUTE_UNLINKED: not known, or many */
    uint64_t requests;
    uint64_t errors;
    uint64_t time_ns;
};

struct intake_lens_values {
    struct event_lens_values event;
    struct slice text;   /* as sent */
    struct slice params; /* int32_t len (-1: NULL), bytes, each padded to 4 */
};

struct intake_lens_rows {
    struct event_lens_rows event;
    const struct event_lens_column *columns; /* column_count */
    const uint64_t *hashes;                  /* row_count * column_count, row by row */
};

/* One worker's counters, as it sent them; 0 for those that an older worker does not have. */
struct intake_counters {
    uint16_t worker;
    uint64_t value[COUNTER_COUNT];
};

struct intake_item {
    enum intake_kind kind;
    uint32_t size_bytes; /* of all that it holds; set by intake_item_new */
    uint64_t time_ns;    /* when the proxy published it (a trace: its end) */
    union {
        struct trace *trace; /* owned */
        struct intake_statement statement;
        struct intake_route route;
        struct intake_name name;
        struct intake_folded folded;
        struct intake_folded_route folded_route;
        struct intake_lens_values lens_values;
        struct intake_lens_rows lens_rows;
        struct intake_counters counters;
        struct event_in_flight in_flight;
        struct event_session_open session_open;
        struct event_session_close session_close;
        struct event_login_refused login_refused;
        uint32_t epoch; /* ATTACHED */
    };
};

/* tail_len bytes of room, 8-byte aligned, for what the item's slices point to: *ret_tail. Zeroed
 * but for kind, time and size. */
struct intake_item *intake_item_new(enum intake_kind kind, uint64_t time_ns, size_t tail_len,
                                    uint8_t **ret_tail);

/* Takes the trace. */
struct intake_item *intake_item_of_trace(struct trace **trace);
void intake_item_free(struct intake_item **item);

struct intake;

/* count_max is rounded up to a power of two. */
MUST_CHECK int intake_new(size_t count_max, size_t bytes_max, struct intake **ret_intake);

/* When both threads are done with it; frees what is still in it. */
void intake_free(struct intake **intake);

/* Producer. Takes the item, or -ENOSPC and it stays the caller's. */
MUST_CHECK int intake_put(struct intake *in, struct intake_item **item);

/* Consumer. The oldest item, now the caller's, or NULL. */
struct intake_item *intake_take(struct intake *in);

/* Either thread; a moment's truth. */
size_t intake_count(const struct intake *in);
size_t intake_bytes(const struct intake *in);

#endif
