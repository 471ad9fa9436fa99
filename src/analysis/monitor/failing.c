/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/failing.h"

/* Of what a route fails of so much is one call's at least: a route is told of before its calls in a
 * minute, and the minute before may have been one of which little failed. */
#define IN_CALLS 0.1f

float
failing_in_days(const struct track_class *c)
{
    return c->today + c->yesterday + c->kept;
}

float
failing_most(const struct track *t, bool of_bursts)
{
    float most = 0;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        const struct track_class *c = &t->errors->of[i];
        most = MAX(most, MAX(c->since, of_bursts ? c->in_bursts : 0));
    }
    return most;
}

enum error_class
failing_class(const struct track *t, bool of_bursts)
{
    const struct track_class *of = t->errors->of;
    unsigned most = ERROR_CLASS_OTHER, ever = ERROR_CLASS_OTHER;
    for (unsigned i = 0; i < ERROR_CLASS_COUNT; i++) {
        bool is_more =
            of_bursts ? of[i].in_bursts > of[most].in_bursts : of[i].since > of[most].since;
        most = is_more ? i : most;
        ever = failing_in_days(&of[i]) > failing_in_days(&of[ever]) ? i : ever;
    }
    float counted = of_bursts ? of[most].in_bursts : of[most].since;
    return (enum error_class)(counted <= 0 ? ever : most);
}

/* The one that fails most; NULL: it fails in none, or hardly. */
static const struct track *
call_that_fails(const struct panel *p, const struct track *route, bool of_bursts)
{
    const struct track *most = NULL;
    float failed = IN_CALLS * failing_most(route, of_bursts);
    for (unsigned i = 0; i < p->tracks.count && failed > 0; i++) {
        const struct track *t = &p->tracks.of[i];
        if (t->kind == TRACK_CALL && t->parent == route && t->errors != NULL &&
            failing_most(t, of_bursts) >= failed) {
            most = t;
            failed = failing_most(t, of_bursts);
        }
    }
    return most;
}

enum error_class
failing_apart(const struct panel *p, const struct track *t, bool of_bursts)
{
    enum error_class class = failing_class(t, of_bursts);
    if (t->kind == TRACK_ROUTE && class == ERROR_CLASS_SERVER) {
        const struct track *call = call_that_fails(p, t, of_bursts);
        class = call != NULL ? failing_class(call, of_bursts) : ERROR_CLASS_OTHER;
    }
    bool is_told = class == ERROR_CLASS_OTHER || error_class_is_by_itself(class);
    return is_told ? class : ERROR_CLASS_COUNT;
}

bool
failing_may_be_one(enum error_class a, enum error_class b)
{
    return a == b || a == ERROR_CLASS_OTHER || b == ERROR_CLASS_OTHER;
}

bool
failing_waits(const struct track *t)
{
    for (unsigned i = 0; t->errors != NULL && i < ERROR_CLASS_COUNT; i++) {
        bool says_nothing = i == ERROR_CLASS_SERVER || i == ERROR_CLASS_OTHER;
        if (t->errors->of[i].told > 0 && !says_nothing &&
            !error_class_is_by_itself((enum error_class)i)) {
            return true;
        }
    }
    return false;
}
