/* SPDX-License-Identifier: Apache-2.0
 * analysis/track/tracks.h - all series under watch, and those whose window is closed in this step.
 *
 * At most TRACKS_MAX: the least used makes room for a new one, no route and none that is told of in
 * an episode while there is any other. A minute reads them one after the other, so the one behind
 * the last is tried first, and the next two are fetched ahead; else a look-up costs a hash. Owned
 * by a panel. One thread. */
#ifndef ANALYSIS_TRACK_TRACKS_H
#define ANALYSIS_TRACK_TRACKS_H

#include "analysis/track/track.h"
#include "base/map.h"

#define TRACKS_MAX       10000u
#define TRACKS_BYTES_MAX (64u * 1024 * 1024) /* of so many */

/* A window that is closed in this step, and what it is compared with all others by: they are not
 * read for that again. */
struct due {
    struct track *track;
    enum track_kind kind;
    float expect;
    float residual; /* NAN: what is expected is not known */
    float by_load;  /* its slope */
    float spread, z;
    float busy_ms; /* a second */
};

struct tracks {
    struct map by_key;
    struct track *of;        /* max of them, behind the one that all have in common */
    struct track_past *past; /* of each */
    unsigned max, count;
    unsigned next; /* that is likely to be read: readings come in the order of the minute before */
    struct track *common; /* what all have in common, as a series of its own */
    struct due *due;      /* closed in this step */
    unsigned due_count;
    int64_t newest_s; /* of the first reading of the newest series */
    uint64_t evicted; /* ever */
    void *ctx;
    void (*gone)(void *ctx, struct track *t); /* it makes room; NULL: nobody has to know */
};

/* At most max, 0: TRACKS_MAX. */
void tracks_init(struct tracks *all, unsigned max);
void tracks_fini(struct tracks *all);

/* A new one is added; now_s: by which who has to go is found. */
struct track *tracks_of(struct tracks *all, const struct reading *r, int64_t now_s);

/* NULL: there is none (any more). By key also the one that all have in common. */
struct track *tracks_find(const struct tracks *all, struct slice route, struct slice fingerprint);
struct track *tracks_by_key(const struct tracks *all, uint64_t key);

/* Its window is closed in this step; NULL: it is not. */
void tracks_add_due(struct tracks *all, struct track *t);
struct due *tracks_due(const struct tracks *all, const struct track *t);
/* Those behind that one. */
void tracks_fetch_due(const struct tracks *all, unsigned i);

#endif
