/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/fine.h - windows of 1 s and of 10 s of every series: what a burst was made of,
 * for as long as it is of interest. In memory only.
 *
 * The same sums and the same histogram as series.h's minutes have, of the same calls: those of ten
 * seconds add up to their window of 10 s, those of a minute to the minute, exactly. (What is only
 * known of a whole minute is not in them: rows read, waiting for locks, the oldest query in flight,
 * the plan.) Windows are of wall time and begin at multiples of their length. One in which nothing
 * was called is not there.
 *
 * A window that is over is kept as bytes, its series in order (fine_order): 45 to 60 of them for a
 * series with a handful of calls. Of each length the newest FINE_SECONDS_MAX or FINE_TENS_MAX
 * windows are kept, and fewer where they would take more than FINE_BYTES_MAX. A window of 10 s that
 * is larger than all that may be kept of its seconds is made in parts: several records of one
 * series and window add up.
 *
 * Costs: a call is one more addition to sums and to a sketch; a second that ends is sorted and
 * written, ten of them are merged (doc/internals/series.md has figures). Not thread-safe. */
#ifndef ANALYSIS_SERIES_FINE_H
#define ANALYSIS_SERIES_FINE_H

#include "analysis/series/series.h"
#include "base/buf.h"

#define FINE_SECONDS_MAX 300u /* five minutes */
#define FINE_TENS_MAX    360u /* an hour */
#define FINE_BYTES_MAX   (8u * 1024 * 1024)
#define FINE_SERIES_MAX  (SERIES_MAX + SERIES_KINDS)

enum fine_length { FINE_1S, FINE_10S, FINE_LENGTHS };

struct fine_window {
    uint64_t number; /* wall time / length */
    uint8_t *bytes;
    size_t len;
};

/* Oldest first. */
struct fine_list {
    struct fine_window *of; /* a ring of max */
    unsigned first, count, max;
    size_t bytes, bytes_max;
};

struct fine {
    struct fine_list list[FINE_LENGTHS];
    struct fine_now **now; /* the second underway */
    unsigned now_count;
    uint64_t second, folded; /* underway; before it all are in windows of 10 s, or in none */
    struct buf writing;
    uint64_t refused; /* series and windows that did not fit into FINE_BYTES_MAX */
};

/* One series in one window. The sketch is as sketch_save has it, and lives as the window does. */
struct fine_record {
    struct series_id id;
    uint16_t upstream;
    struct series_sums sums;
    struct slice sketch; /* empty: none */
};

/* bytes_max: FINE_BYTES_MAX. */
void fine_init(struct fine *f, size_t bytes_max);
void fine_fini(struct fine *f);

/* As series_add is called for it. Time that is set back a little goes on in the second underway. */
void fine_add(struct fine *f, struct series *s, const struct series_sums *add, bool to_sketch,
              uint64_t wall_ns);

/* What is over by then is closed. */
void fine_turn(struct fine *f, uint64_t wall_ns);

/* The wall clock was set back to this: what was to come later is forgotten. */
void fine_set_back(struct fine *f, uint64_t wall_ns);

/* What is kept, in bytes. */
size_t fine_bytes(const struct fine *f);

/* Seconds of one. */
uint32_t fine_seconds(enum fine_length length);

/* Those that are kept, oldest first, after a fine_turn: i < fine_count(). */
unsigned fine_count(const struct fine *f, enum fine_length length);
const struct fine_window *fine_get(const struct fine *f, enum fine_length length, unsigned i);

/* Walk: size_t at = 0; while (fine_next(w, &at, &record)) ... in their order. */
bool fine_next(const struct fine_window *w, size_t *at, struct fine_record *ret_record);

/* < 0, 0, > 0: routes first, then by route, then by fingerprint, as readings are ordered. */
int fine_order(const struct series_id *a, uint16_t upstream_a, const struct series_id *b,
               uint16_t upstream_b);

#endif
