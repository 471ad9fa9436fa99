/* SPDX-License-Identifier: Apache-2.0
 * Plans from before anything was wrong: while all is quiet, the statements that take most of the
 * database's time are planned one after the other, so that the day one changes there is something
 * to compare it with. And again once an index that was missing is there. */
#include "analysis/judge/state.h"
#include "base/clock.h"

#define SURVEY_FIRST_NS   (2 * 60 * NS_PER_S) /* after a start: the statements have their figures */
#define SURVEY_EVERY_NS   (60 * NS_PER_S)     /* of any two */
#define SURVEY_AGAIN_NS   (6 * 3600 * NS_PER_S) /* of the same one */
#define SURVEY_REFUSED_NS (10 * 60 * NS_PER_S)  /* after a refusal: most have no login */

/* Whoever looks for a cause needs the advisor more. */
static bool
is_quiet(const struct judge *j)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (j->watch[i]->suspected_ns != 0) {
            return false;
        }
    }
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->state == INCIDENT_OPEN) {
            return false;
        }
    }
    return true;
}

/* Its index was made since it was planned. */
static struct statement *
one_with_a_new_index(const struct judge *j)
{
    for (unsigned i = 0; i < j->incident_count; i++) {
        const struct incident *inc = j->incident[i];
        for (unsigned k = 0; k < inc->action_count; k++) {
            const struct incident_action *a = &inc->action[k];
            struct statement *s = statement_get(&j->statements, a->fingerprint);
            if (s != NULL && a->kind == ACTION_CREATE_INDEX && a->landed_ns > s->planned_ns) {
                return s;
            }
        }
    }
    return NULL;
}

/* Of those that were not planned lately, the one that took most of the database's time. */
static struct statement *
largest_due(const struct judge *j)
{
    struct statement *largest = NULL;
    uint64_t most_ns = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->series.by_key, &at)) != NULL) {
        const struct series *x = slot->value;
        if (x->kind != SERIES_STATEMENT || x->total.time_ns <= most_ns) {
            continue;
        }
        struct statement *s = statement_get(&j->statements, x->fingerprint);
        bool due = s != NULL && statement_has_plan(s) &&
                   (s->planned_ns == 0 || j->now_ns > s->planned_ns + SURVEY_AGAIN_NS);
        if (due) {
            largest = s;
            most_ns = x->total.time_ns;
        }
    }
    return largest;
}

void
judge_survey(struct judge *j)
{
    struct advice_plan *p = advice_survey(j->advice, 0);
    struct inquest q = judge_inquest(j);
    if (j->surveyed_ns == 0) {
        j->surveyed_ns = j->now_ns + SURVEY_FIRST_NS - SURVEY_EVERY_NS;
    }
    uint64_t rest_ns = p->state == ADVICE_REFUSED ? SURVEY_REFUSED_NS : SURVEY_EVERY_NS;
    bool under_way = p->fingerprint != 0 && p->state != ADVICE_GIVEN && p->state != ADVICE_REFUSED;
    struct statement *s = under_way ? statement_get(&j->statements, p->fingerprint) : NULL;
    bool quiet = is_quiet(j);
    if (quiet) { /* what is summed up from here on is of whatever comes next */
        waiting_restart(advice_waiting(j->advice));
    }
    if (!quiet || (!under_way && j->now_ns < j->surveyed_ns + rest_ns)) {
        return;
    }
    if (!under_way) {
        s = one_with_a_new_index(j);
        s = s == NULL ? largest_due(j) : s;
        j->surveyed_ns = j->now_ns;
    }
    if (s != NULL) {
        s->planned_ns = j->now_ns;
        inquest_ask_plan(&q, advice_survey(j->advice, s->fingerprint), s);
    }
}
