/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/lane/succession.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/lane/amounts.h"
#include "analysis/lane/latency.h"
#include "base/hash.h"

#define SETTLED_S    3600
#define WITHIN_S     (3 * 3600) /* what is evident by minutes must be */
#define OVERLAP_S    (15 * 60)  /* of a rolling deploy, in which both run */
#define GAP_S        (15 * 60)  /* nobody asked for it */
#define SILENT_S     (3 * 60)
#define SILENT_CALLS 30.0f /* that it would have made meanwhile */
#define TRAFFIC_MOST 2.0f  /* times as much, or as little */
#define CALLS_MOST   1.5f  /* per request */
#define LIKE_ROUTE   0.3f  /* share of their words that both have */
#define LIKE_TEXT    0.5f
#define LIKE_ALONE   0.7f /* where no route tells */
#define SHARED_LEAST 0.7f /* of a route's statements */
#define WORDS_MAX    256u
#define LOOKS_MAX    16u /* new ones in one step */

static int
by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Hashes of its different words, ascending; the first WORDS_MAX of them. */
static unsigned
words_of(const char *text, uint64_t ret_word[WORDS_MAX])
{
    unsigned n = 0, kept = 0;
    for (const char *p = text; *p != '\0' && n < WORDS_MAX;) {
        size_t len = 0;
        while (isalnum((unsigned char)p[len]) || p[len] == '_') {
            len++;
        }
        if (len > 0) {
            ret_word[n++] = hash_bytes(slice_of(p, len));
        }
        p += MAX(len, 1u);
    }
    qsort(ret_word, n, sizeof(*ret_word), by_hash);
    for (unsigned i = 0; i < n; i++) {
        if (kept == 0 || ret_word[i] != ret_word[kept - 1]) {
            ret_word[kept++] = ret_word[i];
        }
    }
    return kept;
}

/* Words that both have, of all (Jaccard's index). */
static float
likeness(const char *a, const char *b)
{
    uint64_t x[WORDS_MAX], y[WORDS_MAX];
    if (a == NULL || b == NULL) {
        return 0;
    }
    unsigned n = words_of(a, x), m = words_of(b, y), both = 0;
    for (unsigned i = 0, k = 0; i < n && k < m;) {
        both += x[i] == y[k] ? 1 : 0;
        uint64_t least = MIN(x[i], y[k]);
        i += x[i] == least ? 1 : 0;
        k += y[k] == least ? 1 : 0;
    }
    return n + m == 0 ? 0 : (float)both / (float)(n + m - both);
}

static bool
is_within(float a, float b, float most)
{
    return a > 0 && b > 0 && a <= most * b && b <= most * a;
}

/* The one came when the other fell silent, which has lasted long enough to be no chance. */
static bool
took_turns(const struct panel *p, const struct track *old, const struct track *new)
{
    int64_t window_s = new->to_s - new->from_s, silent_s = p->step_s - old->last_s;
    return old->first_s + SETTLED_S <= new->first_s && old->last_s + GAP_S >= new->first_s &&
           old->last_s <= new->first_s + OVERLAP_S + window_s &&silent_s >= SILENT_S &&
           (float)silent_s * old->now.per_s >=
               SILENT_CALLS &&is_within(old->now.per_s, new->now.per_s, TRAFFIC_MOST);
}

static struct track *
call_of(const struct panel *p, const char *route, const char *fingerprint)
{
    return tracks_find(&p->tracks, slice_from_str(route), slice_from_str(fingerprint));
}

/* Most statements of the one are statements of the other, which has made them lately. */
static bool
shares_statements(const struct panel *p, const struct track *of, const struct track *with,
                  int64_t since_s)
{
    unsigned shared = 0, n = 0;
    for (unsigned i = 0; i < p->tracks.count; i++) {
        const struct track *call = &p->tracks.of[i];
        if (call->parent == of && call->last_s >= since_s) {
            n++;
            shared += call_of(p, with->route, call->fingerprint) != NULL ? 1 : 0;
        }
    }
    return shared > 0 && (float)shared >= SHARED_LEAST * (float)n;
}

static bool
is_same_route(const struct panel *p, const struct track *old, const struct track *new)
{
    return likeness(old->route, new->route) >= LIKE_ROUTE &&
           shares_statements(p, new, old, new->first_s) &&
           shares_statements(p, old, new, old->last_s - SETTLED_S);
}

/* In each route that makes the new one the old one was made as often, and is not any more. */
static bool
is_same_statement(const struct panel *p, const struct track *old, const struct track *new)
{
    unsigned routes = 0;
    for (unsigned i = 0; i < p->tracks.count; i++) {
        const struct track *call = &p->tracks.of[i];
        if (call->kind != TRACK_CALL || strcmp(call->fingerprint, new->fingerprint) != 0) {
            continue;
        }
        const struct track *was = call_of(p, call->route, old->fingerprint);
        if (was == NULL || !is_within(was->now.calls, call->now.calls, CALLS_MOST)) {
            return false;
        }
        routes++;
    }
    return likeness(old->statement, new->statement) >= (routes > 0 ? LIKE_TEXT : LIKE_ALONE);
}

static bool
fits(const struct panel *p, const struct track *old, const struct track *new)
{
    return old->kind == new->kind &&old != new &&took_turns(p, old, new) &&
           (old->kind == TRACK_ROUTE ? is_same_route(p, old, new) : is_same_statement(p, old, new));
}

/* What was learned; what is suspected begins anew. */
static void
take_over(struct panel *p, struct track *to, const struct track *from)
{
    to->first_s = from->first_s;
    *to->past = *from->past;
    recur_begin(&to->past->blips);
    recur_begin(&to->past->bursts);
    to->week = from->week;
    to->noise = from->noise;
    to->rise = from->rise;
    to->by_load = from->by_load;
    to->by_common = from->by_common;
    to->calls_level = from->calls_level;
    to->cost_level = from->cost_level;
    amounts_take_over(to);
    to->creep = from->creep;
    to->off90 = from->off90;
    to->off99 = from->off99;
    to->before = from->before;
    to->day = from->day;
    to->calls_today += from->calls_today;
    to->calls_yesterday = from->calls_yesterday;
    to->calls_kept = from->calls_kept;
    to->oldest_max_ms[1] = from->oldest_max_ms[1];
    if (to->quantiles != NULL && from->quantiles != NULL) {
        *to->quantiles = *from->quantiles;
    }
    if (from->errors != NULL) {
        to->errors = to->errors != NULL ? to->errors : check_alloc(1, sizeof(*to->errors));
        to->errors->told_apart = from->errors->told_apart;
        to->errors->seen |= from->errors->seen;
        for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
            to->errors->of[i].kept = from->errors->of[i].kept;
            to->errors->of[i].yesterday = from->errors->of[i].yesterday;
            to->errors->of[i].today += from->errors->of[i].today;
        }
    }
    to->expect = NAN;
    to->last_count = to->jumps = 0;
    to->is_slow = false;
    to->calls_chart = (struct exceed){0};
    latency_reset(to);
    latency_prepare(p, to);
}

static void
follow(struct panel *p, const struct track *old, struct track *new)
{
    take_over(p, new, old);
    for (unsigned i = 0; i < p->tracks.count; i++) {
        struct track *call = &p->tracks.of[i];
        const struct track *was = NULL;
        if (call->kind == TRACK_CALL && new->kind == TRACK_ROUTE && call->parent == new) {
            was = call_of(p, old->route, call->fingerprint);
        } else if (call->kind == TRACK_CALL && new->kind == TRACK_STATEMENT &&
                   strcmp(call->fingerprint, new->fingerprint) == 0) {
            was = call_of(p, call->route, old->fingerprint);
        }
        if (was != NULL && was->first_s < call->first_s) {
            take_over(p, call, was);
        }
    }
    p->followed++;
}

static void
look_for_one_before(struct panel *p, struct track *new)
{
    const struct track *old = NULL;
    unsigned n = 0;
    for (unsigned i = 0; i < p->tracks.count; i++) {
        if (fits(p, &p->tracks.of[i], new)) {
            old = &p->tracks.of[i];
            n++;
        }
    }
    for (unsigned i = 0; n == 1 && i < p->tracks.count; i++) {
        const struct track *other = &p->tracks.of[i];
        n += other != new &&fits(p, old, other) ? 1 : 0;
    }
    if (n == 1) {
        follow(p, old, new);
    }
}

void
succession_step(struct panel *p)
{
    if (p->step_s - p->tracks.newest_s > WITHIN_S) {
        return; /* all of them are old: none has to be read for it */
    }
    unsigned looks = 0, from = (unsigned)(p->steps * LOOKS_MAX % MAX(p->tracks.due_count, 1u));
    for (unsigned i = 0; i < p->tracks.due_count && looks < LOOKS_MAX; i++) {
        struct track *t = p->tracks.due[(from + i) % p->tracks.due_count].track;
        int64_t age_s = p->step_s - t->first_s;
        bool is_new = t->first_s >= p->first_s + SETTLED_S && age_s <= WITHIN_S;
        if (is_new && age_s >= SILENT_S && t->kind != TRACK_CALL && t->episode == NULL) {
            look_for_one_before(p, t);
            looks++;
        }
    }
}

/* Both together are made no more often than the old one was alone. */
static bool
may_replace(const struct panel *p, const struct track *was, const struct track *call, float calls)
{
    int64_t window_s = MAX(call->to_s - call->from_s, TRACK_STEP_S);
    bool is_silent = p->step_s - was->last_s >= 2 * window_s;
    bool is_first = p->step_s - call->first_s < 2 * window_s; /* too early to tell */
    float running = is_silent || is_first ? 0 : was->now.calls;
    return was->last_s + GAP_S >= call->first_s &&
           is_within(level_expect(&was->calls_level), running + calls, CALLS_MOST);
}

bool
succession_may_be(const struct panel *p, const struct track *call, float calls, float cost_ms)
{
    for (unsigned i = 0; i < p->tracks.count; i++) {
        const struct track *was = &p->tracks.of[i];
        if (was == call || was->parent != call->parent || was->parent == NULL ||
            was->first_s + SETTLED_S > call->first_s || !may_replace(p, was, call, calls)) {
            continue;
        }
        float before_ms = level_expect(&was->calls_level) * level_expect(&was->cost_level);
        if (calls * cost_ms < STRUCTURE_RATIO_MIN * before_ms &&
            likeness(was->statement, call->statement) >= LIKE_TEXT) {
            return true;
        }
    }
    return false;
}
