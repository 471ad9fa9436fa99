/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/series.h - totals since the start, and the current minute, of every statement,
 * route, and statement within a route: for the lists, and for the store.
 *
 * The logins of a database are a series, too (STORED_LOGINS). A statement is one of a database;
 * where its queries went is what the first of them said, so that all of its windows have one key in
 * the store. Windows are 60 s of wall time; fine.h has those of 1 s and of 10 s. A statement's and
 * a route's series have sketches (about 1 KB each when in use); a statement within a route has sums
 * only.
 *
 * At most SERIES_MAX series; what does not fit is counted in the one named "other" of its kind.
 * When a minute is over (series_turn), who was counted there and is used more than twice as much as
 * the least used one takes its place: what is displaced is given to the store as far as it was not,
 * its total goes to "other", and its calls from then on. Use is calls, a tenth of which is
 * forgotten each minute, so the margin holds against chance, and two that are used alike do not
 * take turns. Routes and logins are never displaced and come in whatever their use; there are few
 * of them. So sums over all series of a kind are what they would be without a limit. It costs a
 * look at each series once a minute (10,000: 0.1 to 0.3 ms), a sort of them where somebody waits (3
 * ms with 760 that come in), and a look at four places for each call that has none (newcomers.h).
 * One thread. */
#ifndef ANALYSIS_SERIES_SERIES_H
#define ANALYSIS_SERIES_SERIES_H

#include "analysis/intake/trace.h"
#include "analysis/series/newcomers.h"
#include "base/map.h"
#include "model/error_class.h"
#include "model/sketch.h"
#include "model/window_amount.h"

#define SERIES_MAX       10000u
#define SERIES_WINDOW_NS (60 * 1000000000ull)
#define SERIES_BOUNDS    14u /* of a histogram for exporters, at most */

struct series_sums {
    uint64_t calls;
    uint64_t errors;
    uint64_t rows;
    uint64_t time_ns;
    uint64_t max_ns;
    uint32_t errors_by_class[ERROR_CLASS_COUNT]; /* where it is known */
    uint64_t oldest_ns; /* age of the oldest query in flight, at the end of a window */
    struct window_amounts amounts;
};

/* What exporters count: calls, and those that took no longer than each bound. */
struct series_counts {
    uint64_t calls, errors, time_ns;
    uint64_t below[SERIES_BOUNDS];
};

/* What a route's requests spent in the database, and how their queries were tied to them. */
struct series_ties {
    uint64_t requests;                /* that the sums are of: those handed over whole */
    double queries;                   /* with their shares of those that were tied to no request */
    double db_ns;                     /* the same */
    uint64_t basis[LINK_BASIS_COUNT]; /* requests with queries, by their weakest tie */
};

/* Who was looked for last and has no series: what is added next is its. */
struct series_guest {
    struct newcomers *newcomers;
    struct series_id id;
};

struct fine_now;

struct series {
    enum series_kind kind;
    uint64_t fingerprint; /* 0: a route, or other */
    const char *route;    /* NULL: a statement; borrowed from the watch */
    uint32_t database;
    uint16_t upstream;
    bool is_placed; /* upstream is known */
    struct series_sums total, window;
    struct series_ties ties; /* of a route */
    struct sketch total_sketch, window_sketch;
    struct series_counts told; /* of the total (series_tell) */
    uint64_t window_number;    /* wall time / SERIES_WINDOW_NS */
    /* Hashes of the shape of its statement's plan, 0: not known: the one in use, the one that
     * windows have told of, and the one that this window tells of. */
    uint64_t plan, plan_told, window_plan;
    bool dirty;
    float use;                  /* of the minutes that are over */
    struct series_guest *guest; /* NULL: it is its own */
    struct fine_now *now;       /* fine.h's; NULL: nothing in the second underway */
};

struct series_table {
    struct map by_key;
    struct series other[SERIES_KINDS];
    struct series_guest guest[SERIES_KINDS];
    struct newcomers newcomers;
    uint64_t overflowed, displaced;
};

void series_table_init(struct series_table *t, size_t series_max);
void series_table_fini(struct series_table *t);

/* Lives until the next series_turn. One that has no place is "other", and what is added to that is
 * for whoever of its kind was looked for last. */
struct series *series_get(struct series_table *t, enum series_kind kind, const char *route,
                          uint64_t fingerprint, uint32_t database);
void series_place(struct series *s, uint16_t upstream);

void series_sums_add(struct series_sums *to, const struct series_sums *add);

/* emit is called for a window that ends because of this, or may be NULL. */
typedef void series_emit(void *ctx, const struct series *s);
void series_add(struct series *s, const struct series_sums *add, bool to_sketch, uint64_t wall_ns,
                series_emit *emit, void *ctx);

/* What the store kept of one window, or of all before it: the newest one goes on where it stopped,
 * so that it is given whole when it is next emitted. sketch: of those sums. */
void series_restore(struct series *s, const struct series_sums *kept, const struct sketch *sketch,
                    uint64_t wall_ns);

void series_counts_add(struct series_counts *to, const struct series_counts *add);
/* Adds what was counted since this was last called; bounds: in seconds, always the same. What was
 * told of a series that is displaced is not told again as a part of "other". */
void series_tell(struct series *s, const double *bounds, unsigned bound_count,
                 struct series_counts *to);

/* The wall clock was set back, to this window: those that were to come later have ended. */
void series_set_back(struct series_table *t, uint64_t number, series_emit *emit, void *ctx);

/* The minute `number` is over, and nothing was added since. emit is called for what is displaced.
 */
void series_turn(struct series_table *t, uint64_t number, series_emit *emit, void *ctx);

/* Calls emit for every series that changed since it was last emitted. */
void series_flush(struct series_table *t, series_emit *emit, void *ctx);

#endif
