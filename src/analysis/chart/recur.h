/* SPDX-License-Identifier: Apache-2.0
 * analysis/chart/recur.h - a cumulative sum over events that should be rare: do they come back far
 * more often than they used to?
 *
 *   G <- max(0, G - (l1 - l0) dt) + ln(l1 / l0)        with each event, dt behind the one before
 *
 * The likelihood ratio CUSUM of a Poisson process (Lucas, "Counted data CUSUM's", Technometrics 27,
 * 1985), in which nothing happens between two events, so that nothing need be done there. l0 is
 * what was usual: of whole days that are over, with two standard deviations and one event more. l1
 * is RECUR_PER_DAY, and four times l0 at least. What comes at the same hour every day, one close to
 * the other, is usual, too: the most that G was on days that are over raises the limit.
 *
 * A day is learned when the next one is over. Times are minutes since 1970. Plain data, zeroed is
 * empty; 40 bytes. Pure. */
#ifndef ANALYSIS_CHART_RECUR_H
#define ANALYSIS_CHART_RECUR_H

#include <stdbool.h>
#include <stdint.h>

#define RECUR_PER_DAY   48.0f
#define RECUR_TIMES     4.0f
#define RECUR_LIMIT     15.0f
#define RECUR_TOP_TIMES 1.5f /* of what G was on other days, at the most */
#define RECUR_COUNT_MIN 5u
#define RECUR_SPAN_MIN  60u /* minutes between the first and the last */
#define RECUR_APART_MIN 5u  /* minutes: what comes sooner is the same event */
#define RECUR_DAYS_MIN  1.7f

struct recur {
    float g;
    float top[3];         /* the most of G: today, yesterday, and on days before, decayed */
    float kept, days;     /* events on so many days, decayed by a fifth a day */
    uint32_t since, last; /* of the first event that G holds, and of the last one; 0: none */
    uint16_t count;       /* from one to the other */
    uint16_t today, yesterday;
    bool is_whole[2]; /* today, yesterday: it may be learned */
};

/* True: it is an event of its own, else it is the last one that goes on. Behind a time that goes
 * back, by RECUR_APART_MIN or more, it is the first one. */
bool recur_add(struct recur *r, uint32_t at);
/* A new day has begun. is_whole: all of its events will be seen. */
void recur_day(struct recur *r, bool is_whole, bool may_learn);
/* Nothing is underway; what was learned, and is to be, stays. */
void recur_begin(struct recur *r);
/* Nothing of today and yesterday will be learned, and nothing has been seen. */
void recur_forget(struct recur *r);

/* Events a day; NAN: not known. */
float recur_usual(const struct recur *r);
/* How near it is to its limit, which is 1; 0: it would not be told. */
float recur_level(const struct recur *r);
/* None has come for twice as long as they were apart. */
bool recur_is_over(const struct recur *r, uint32_t at);

#endif
