/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/detect/databases.h"

#include <string.h>

static struct database *
database_of(struct databases *d, uint64_t name)
{
    for (unsigned i = 0; i < d->count; i++) {
        if (d->database[i].name == name) {
            return &d->database[i];
        }
    }
    if (d->count == DATABASES_MAX) {
        return NULL;
    }
    d->database[d->count].name = name;
    return &d->database[d->count++];
}

static struct databases_window *
window_of(struct database *x, uint64_t now_ns)
{
    uint64_t number = now_ns / DATABASES_WINDOW_NS;
    struct databases_window *w = &x->ring[number % DATABASES_WINDOWS_MAX];
    if (w->number != number) {
        *w = (struct databases_window){.number = number};
    }
    x->newest = MAX(x->newest, number);
    return w;
}

/* NAN-free, and never less than nothing. */
static double
number(const json_t *o, const char *key)
{
    double n = json_number_value(json_object_get(o, key));
    return n > 0 ? n : 0;
}

static struct databases_counters
read_counters(const json_t *o)
{
    bool has_sessions = json_is_number(json_object_get(o, "sessions"));
    return (struct databases_counters){
        .deadlocks = number(o, "deadlocks"),
        .temp_files = number(o, "temp_files"),
        .temp_bytes = number(o, "temp_bytes"),
        .sessions = has_sessions ? number(o, "sessions") : -1,
        .reset = number(o, "reset"),
    };
}

/* The same count, further on. */
static bool
goes_on(const struct databases_counters *a, const struct databases_counters *b)
{
    return a->reset >= b->reset && a->reset <= b->reset && a->deadlocks <= b->deadlocks &&
           a->temp_files <= b->temp_files && a->temp_bytes <= b->temp_bytes &&
           a->sessions <= b->sessions && (a->sessions < 0) == (b->sessions < 0);
}

static bool
is_in_reach(const struct database *x, uint64_t now_ns)
{
    return x->at_ns != 0 && now_ns > x->at_ns && now_ns - x->at_ns <= DATABASES_GAP_NS;
}

static void
count(struct database *x, struct databases_window *w, const struct databases_counters *c,
      uint64_t now_ns)
{
    if (is_in_reach(x, now_ns) && goes_on(&x->last, c)) {
        w->seconds += (double)(now_ns - x->at_ns) / 1e9;
        w->deadlocks += c->deadlocks - x->last.deadlocks;
        w->temp_files += c->temp_files - x->last.temp_files;
        w->temp_bytes += c->temp_bytes - x->last.temp_bytes;
        w->sessions += c->sessions - x->last.sessions;
    }
    x->last = *c;
    x->at_ns = now_ns;
}

void
databases_answer(struct databases *d, uint64_t name, const json_t *answer, uint64_t now_ns)
{
    const json_t *o = json_object_get(answer, "database");
    struct database *x =
        json_is_true(json_object_get(answer, "ok")) && name != 0 ? database_of(d, name) : NULL;
    if (x == NULL) {
        return;
    }
    uint64_t half_ns = is_in_reach(x, now_ns) ? (now_ns - x->at_ns) / 2 : 0;
    struct databases_window *w = window_of(x, now_ns - half_ns);
    w->samples += number(answer, "samples");
    w->active += number(answer, "active");
    if (json_is_object(o)) {
        struct databases_counters c = read_counters(o);
        count(x, w, &c, now_ns);
    }
}

/* The sums of one database's windows. */
static struct databases_window
sum_of(const struct database *x, uint64_t from_ns, uint64_t to_ns)
{
    struct databases_window sum = {0};
    uint64_t end = x->newest + 1;
    uint64_t first = MAX(from_ns / DATABASES_WINDOW_NS + (from_ns % DATABASES_WINDOW_NS != 0),
                         end - MIN(end, DATABASES_WINDOWS_MAX));
    for (uint64_t n = first; n < end && n * DATABASES_WINDOW_NS < to_ns; n++) {
        const struct databases_window *w = &x->ring[n % DATABASES_WINDOWS_MAX];
        if (w->number != n) {
            continue;
        }
        sum.seconds += w->seconds;
        sum.deadlocks += w->deadlocks;
        sum.temp_files += w->temp_files;
        sum.temp_bytes += w->temp_bytes;
        sum.sessions += w->sessions;
        sum.samples += w->samples;
        sum.active += w->active;
    }
    return sum;
}

struct databases_rate
databases_between(const struct databases *d, uint64_t name, uint64_t from_ns, uint64_t to_ns)
{
    struct databases_rate r = {.sessions_per_s = -1, .active = -1};
    for (unsigned i = 0; i < d->count; i++) {
        const struct database *x = &d->database[i];
        if (name != 0 && x->name != name) {
            continue;
        }
        struct databases_window sum = sum_of(x, from_ns, to_ns);
        if (sum.samples > 0) {
            r.active = MAX(r.active, 0) + sum.active / sum.samples;
        }
        if (sum.seconds <= 0) {
            continue;
        }
        r.seconds = MAX(r.seconds, sum.seconds);
        r.deadlocks += sum.deadlocks;
        r.temp_files_per_s += sum.temp_files / sum.seconds;
        r.temp_bytes_per_s += sum.temp_bytes / sum.seconds;
        if (x->last.sessions >= 0) {
            r.sessions_per_s = MAX(r.sessions_per_s, 0) + sum.sessions / sum.seconds;
        }
    }
    return r;
}
