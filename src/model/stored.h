/* SPDX-License-Identifier: Apache-2.0
 * model/stored.h - what the analyzer keeps on disk: the records that its judge gives to the store.
 *
 * Plain data; slices are borrowed for the length of the call that takes the record. Times are wall
 * clock nanoseconds since 1970. Nothing in here may hold a literal of the user (law 6): texts are
 * normalized, JSON documents hold names, counts and times. Each kind has its own key and a record
 * with a key that is there already replaces it, so that writing one twice is harmless. */
#ifndef MODEL_STORED_H
#define MODEL_STORED_H

#include "base/slice.h"
#include "model/error_class.h"
#include "model/route_basis.h"
#include "model/window_amount.h"

enum stored_kind {
    STORED_FINGERPRINT,
    STORED_ROUTE,
    STORED_WINDOW,
    STORED_STATE,
    STORED_TRACE,
    STORED_FINDING,
    STORED_INCIDENT,
    STORED_TIMELINE,
    STORED_DEPLOY,
    STORED_FIX,
    STORED_PLAN,
    STORED_KIND_COUNT,
};

/* Key: fingerprint, database; one with a name takes the place of one whose name was not known. */
struct stored_fingerprint {
    uint64_t fingerprint;
    struct slice database; /* its name */
    struct slice text;
    uint8_t kind;          /* enum statement_kind */
    uint64_t seen_wall_ns; /* the smallest stays as the first time, the largest as the last */
};

/* Key: text. */
struct stored_route {
    struct slice text;
    enum route_basis basis; /* the application's word stays */
    uint64_t seen_wall_ns;
};

/* The fingerprint of the series of a database's logins: calls are those who were let in and those
 * who were not, errors the latter. In no list, and no sum, of statements. */
#define STORED_LOGINS 0x6c6f67696e73ull /* "logins" */
/* What had no series of its own: route "other", and this of statements within a route. */
#define STORED_OTHER 0x6f74686572ull /* "other" */

#define WINDOW_PLAN_MAX 120u

/* Sums of one series over one window that is aligned to its length; the record carries the whole
 * window so far and replaces what was there. A series is a statement (route empty), a route
 * (fingerprint 0), or a statement within a route. Key: start, length, upstream, database, route,
 * fingerprint. */
struct stored_window {
    uint64_t start_wall_ns;
    uint32_t length_s; /* 60; the store makes 3600 of them on its own */
    uint16_t upstream;
    struct slice database;
    struct slice route;
    uint64_t fingerprint;
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns;
    uint64_t max_ns;
    struct slice sketch;                         /* mergeable; empty: none */
    uint32_t errors_by_class[ERROR_CLASS_COUNT]; /* as far as they are told apart */
    uint64_t oldest_ns; /* age of its oldest query in flight when it ended; 0: of no interest */
    struct window_amounts amounts;
    struct slice plan; /* its shape, in a window in which it was learned; WINDOW_PLAN_MAX bytes */
};

/* Key: name. Whatever else must survive a restart: "watch:ROUTE" is the judge's, "told:WEBHOOK"
 * what a receiver of incidents was told. */
struct stored_state {
    struct slice name;
    struct slice blob;
    bool is_urgent; /* does not wait for the next commit */
};

/* Key: trace id. */
struct stored_trace {
    uint8_t trace_id[16];
    struct slice route;
    uint64_t start_wall_ns;
    uint64_t duration_ns;
    struct slice json;
};

/* Key: incident, kind, subject. */
struct stored_finding {
    uint32_t incident; /* 0: none yet */
    struct slice kind;
    struct slice subject;
    struct slice evidence;
    uint64_t seen_wall_ns;
    struct slice json;
};

/* Key: id. */
struct stored_incident {
    uint32_t id;
    struct slice state; /* open, fixing, recovered, closed */
    uint64_t opened_wall_ns;
    uint64_t updated_wall_ns;
    uint64_t closed_wall_ns; /* 0: not closed */
    struct slice json;       /* the document as the API gives it */
    struct slice blob;       /* the judge's own, to go on after a restart; empty: keep */
};

/* Key: incident, at, kind, text. */
struct stored_timeline {
    uint32_t incident;
    uint64_t at_wall_ns;
    struct slice kind;
    struct slice text;
};

#define DEPLOY_AFFECTS_MAX 64u

/* Key: name, at. */
struct stored_deploy {
    struct slice name;
    uint64_t at_wall_ns;
    struct slice basis;   /* marked, inferred */
    struct slice affects; /* at most DEPLOY_AFFECTS_MAX routes and fingerprints, one a line; empty:
                           * it may be anything */
};

/* Key: incident, action. */
struct stored_fix {
    uint32_t incident;
    struct slice action; /* its id on the page */
    struct slice state;  /* proposed, landed, measured */
    uint64_t landed_wall_ns;
    double predicted_ms;
    double measured_ms; /* NaN: not yet */
    struct slice json;
};

/* Key: fingerprint, database, shape. The last few shapes of a statement stay. */
struct stored_plan {
    uint64_t fingerprint;
    struct slice database;
    uint64_t shape;        /* of nodes, tables, indexes and conditions */
    uint64_t seen_wall_ns; /* the first time stays, the last one is this */
    struct slice json;     /* as the API gives it, without its times */
};

struct stored {
    enum stored_kind kind;
    union {
        struct stored_fingerprint fingerprint;
        struct stored_route route;
        struct stored_window window;
        struct stored_state state;
        struct stored_trace trace;
        struct stored_finding finding;
        struct stored_incident incident;
        struct stored_timeline timeline;
        struct stored_deploy deploy;
        struct stored_fix fix;
        struct stored_plan plan;
    };
};

#endif
