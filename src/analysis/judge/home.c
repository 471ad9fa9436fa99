/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/judge/home.h"

#include <stdlib.h>

#include "base/clock.h"

#define HOUR_NS (3600 * NS_PER_S)

uint64_t
home_fingerprint(const struct track *t)
{
    return t == NULL || t->fingerprint == NULL ? 0 : strtoull(t->fingerprint, NULL, 16);
}

static struct watch *
find_watch(const struct judge *j, const char *route)
{
    for (unsigned i = 0; route != NULL && i < j->watch_count; i++) {
        if (strcmp(j->watch[i]->text, route) == 0) {
            return j->watch[i];
        }
    }
    return NULL;
}

/* The route that spends most time in it. */
static struct watch *
busiest_watch(const struct judge *j, uint64_t fingerprint)
{
    const char *most = NULL;
    uint64_t most_ns = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->series.by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        bool is_of = s->kind == SERIES_BOTH && s->fingerprint == fingerprint;
        if (is_of && s->window.time_ns > most_ns) {
            most_ns = s->window.time_ns;
            most = s->route;
        }
    }
    return find_watch(j, most);
}

struct about
home_about(const struct judge *j, const struct episode *e)
{
    const struct track *t = monitor_track(j->long_term.monitor, e->subject_key);
    struct about a = {.name = e->subject};
    if (t == NULL) {
        return a;
    }
    uint64_t fingerprint = home_fingerprint(t);
    a.is_whole = t->kind == TRACK_COMMON;
    a.st = statement_get(&j->statements, fingerprint);
    a.watch = find_watch(j, t->route);
    a.watch = a.watch == NULL && fingerprint != 0 ? busiest_watch(j, fingerprint) : a.watch;
    return a;
}

static bool
is_latency(enum lane lane)
{
    return lane == LANE_DRIFT || lane == LANE_SHIFT || lane == LANE_SHAPE;
}

/* Neither route nor statement: there is nothing but what it is called. */
static bool
is_its_name(const struct incident *inc, const struct about *a)
{
    return a->watch == NULL && a->st == NULL && strcmp(inc->subject, a->name) == 0;
}

static bool
is_about(const struct incident *inc, const struct about *a)
{
    return (a->watch != NULL && incident_concerns(inc, a->watch->text)) ||
           (a->st != NULL && incident_explains(inc, a->st)) || is_its_name(inc, a);
}

/* What is about everything is about a part of it, too, if that may have to do with the others. */
static bool
concerns(const struct incident *inc, const struct about *a)
{
    bool is_of_all = (a->is_whole || inc->is_whole) && incident_may_slow_others(inc);
    return is_of_all || is_about(inc, a);
}

/* That of everything is called by the route that loses most, and not that route's. */
static bool
is_subject(const struct incident *inc, const struct about *a)
{
    bool is_route = a->watch != NULL && strcmp(inc->subject, a->watch->text) == 0;
    bool is_statement = a->st != NULL && inc->episode.fingerprint == a->st->fingerprint;
    return inc->is_whole ? a->is_whole : is_route || is_statement;
}

/* Who only waits in an incident does not fail because of it, if it fails by itself. */
static bool
is_same(const struct incident *inc, const struct episode *e, const struct about *a)
{
    bool is_of_it = is_subject(inc, a) || is_its_name(inc, a) ||
                    (a->st != NULL && incident_explains(inc, a->st));
    return is_of_it || (!episode_stands_apart(e) && concerns(inc, a));
}

/* The one that is about the same, or has just ended; or what is so young that what becomes slower
 * now becomes so because of it. */
struct incident *
home_find(const struct judge *j, const struct episode *e, const struct about *a)
{
    uint64_t onset_ns = judge_mono(j, e->onset_s);
    struct incident *young = NULL;
    for (unsigned i = j->incident_count; i-- > 0;) {
        struct incident *inc = j->incident[i];
        bool is_active = incident_is_active(inc);
        uint64_t ended_ns = MAX(inc->recovered_ns, inc->closed_ns);
        bool is_recent = ended_ns + HOUR_NS >= j->now_ns && onset_ns <= ended_ns;
        if ((is_active || is_recent) && inc->merged_into == 0 && is_same(inc, e, a)) {
            return inc;
        }
        bool is_young = inc->opened_ns + HOUR_NS >= j->now_ns && incident_may_slow_others(inc);
        if (is_active && is_latency(e->lane) && is_young) {
            young = young == NULL ? inc : young;
        }
    }
    return young;
}

/* An incident from before it, of the same series: of an episode that began no sooner than an hour
 * before it. */
struct incident *
home_of_series(const struct judge *j, const struct episode *e)
{
    uint64_t from_ns = judge_mono(j, e->onset_from_s - 3600);
    for (unsigned i = j->incident_count; i-- > 0;) {
        struct incident *inc = j->incident[i];
        const struct incident_episode *was = &inc->episode;
        if (was->id == 0 && inc->merged_into == 0 && was->subject_key == e->subject_key &&
            was->onset_to_ns >= from_ns) {
            return inc;
        }
    }
    return NULL;
}

/* One that is about the same. */
struct incident *
home_again(const struct judge *j, const struct episode *e)
{
    struct about a = home_about(j, e);
    uint64_t from_ns = judge_mono(j, e->onset_from_s - 3600);
    for (unsigned i = j->incident_count; i-- > 0;) {
        struct incident *inc = j->incident[i];
        if (inc->episode.id == 0 && inc->merged_into == 0 && inc->opened_ns >= from_ns &&
            is_same(inc, e, &a)) {
            return inc;
        }
    }
    return NULL;
}
