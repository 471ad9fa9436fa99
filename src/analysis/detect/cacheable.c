/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"
#include "base/clock.h"
#include "model/event.h"

#define CALLS_MIN         30u
#define ANSWERS_MAX       8u
#define HIT_RATE_MIN      0.9
#define CHANGED_SAVING_MS 0.2 /* for one whose calls grew */
#define UNCHANGED_SHARE   0.2 /* of the route's query time, for one that was always there */
#define COUNTERS_SPAN_NS  (4 * NS_PER_S)

/* Many users each with their own values are no few answers for all, however often each repeats. */
static bool
is_worth_it(const struct detect_input *in, const struct sameness_sum *sum)
{
    double saving = in->now->cost_ms * sum->hit_rate;
    bool grew = in->part != NULL && (in->part->kind == SHIFT_NEW || in->part->kind == SHIFT_MORE) &&
                in->part->calls_now - in->part->calls_before >= 0.9;
    if (grew) {
        return saving >= CHANGED_SAVING_MS;
    }
    return in->now->cost_ms >= UNCHANGED_SHARE * in->route->now.query_ms &&
           detect_matters(in, saving);
}

/* Whether the tables' own counters stand still: 1 yes, 0 they move, -1 not known. */
static int
counters_stand(const struct detect_input *in, uint64_t since_ns)
{
    const struct statement_names *tables = &in->statement->reads;
    int answer = tables->count == 0 ? -1 : 1;
    for (unsigned i = 0; i < tables->count; i++) {
        const struct advice_table *t = advice_table(in->advice, in->database, tables->name[i]);
        if (t == NULL || t->answers < 2 || t->last_ns < t->first_ns + COUNTERS_SPAN_NS) {
            answer = MIN(answer, -1);
        } else if (t->changed_ns > since_ns) {
            return 0;
        }
    }
    return answer;
}

bool
detect_cacheable(const struct detect_input *in, struct finding *f)
{
    struct sameness_sum sum;
    const struct statement *s = in->statement;
    if (s->kind != STATEMENT_SELECT || s->reads.count == 0 ||
        !sameness_sum(in->sameness, s->fingerprint, &sum)) {
        return false;
    }
    if (sum.calls < CALLS_MIN || sum.answers > ANSWERS_MAX || sum.hit_rate < HIT_RATE_MIN ||
        sum.changed > 0 || !is_worth_it(in, &sum)) {
        return false;
    }
    for (unsigned i = 0; i < s->reads.count; i++) {
        if (sameness_written_ns(in->sameness, s->reads.name[i]) > sum.since_ns) {
            return false;
        }
    }
    int stand = counters_stand(in, sum.since_ns);
    if (stand == 0) {
        return false;
    }
    char calls[32];
    detect_begin(in, FINDING_CACHEABLE, stand > 0 ? EVIDENCE_MEASURED : EVIDENCE_SUSPECTED,
                 stand > 0 ? "counters" : "correlation", f);
    f->hit_rate = sum.hit_rate;
    f->calls = sum.calls;
    f->answers = sum.answers;
    snprintf(f->detail, sizeof(f->detail),
             "%s calls, %u answer%s, a cache would hit %.0f %%, no write seen through "
             "slowburn%s",
             detect_count((double)sum.calls, calls), sum.answers, sum.answers == 1 ? "" : "s",
             100 * sum.hit_rate, stand > 0 ? ", none in the table's counters" : "");
    return true;
}
