/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/account.h"

#include <math.h>

bool
account_is_of_latency(const struct incident *inc)
{
    static const char *const others[] = {"errors", "stall", "objective", "rows",
                                         "bytes",  "blips", "bursts"};
    for (unsigned i = 0; inc->episode.opened && i < ARRAY_LEN(others); i++) {
        if (strcmp(inc->episode.lane, others[i]) == 0) {
            return false;
        }
    }
    return !inc->of_answers;
}

static const struct incident_change *
change_of(const struct incident *inc, uint64_t fingerprint)
{
    for (unsigned i = 0; i < inc->change_count; i++) {
        if (fingerprint != 0 && inc->change[i].fingerprint == fingerprint) {
            return &inc->change[i];
        }
    }
    return NULL;
}

/* What causes take that is no statement's, or more than their statement's line shows. */
static double
beside_statements_ms(const struct incident *inc)
{
    double ms = 0;
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        const struct incident_change *c = change_of(inc, f->fingerprint);
        ms += f->has_saving ? MAX(f->saving_ms - (c == NULL ? 0 : MAX(c->change_ms, 0)), 0) : 0;
    }
    return ms;
}

static double
statements_ms(const struct incident *inc, const struct statement_table *statements)
{
    double ms = 0;
    for (unsigned i = 0; i < inc->change_count; i++) {
        const struct incident_change *c = &inc->change[i];
        const struct statement *st = statement_get(statements, c->fingerprint);
        bool waits = strcmp(c->kind, "waiting") == 0;
        bool explained = st != NULL ? incident_explains(inc, st)
                                    : c->fingerprint != 0 && incident_blames(inc, c->fingerprint);
        ms += waits || explained ? c->change_ms : 0;
    }
    return ms;
}

void
account_of(struct incident *inc, struct shift *s, const struct statement_table *statements)
{
    const struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (inc->state != INCIDENT_OPEN || r == NULL || r->now.n < 5) {
        return;
    }
    inc->explained = NAN;
    if (!account_is_of_latency(inc) || r->change_ms <= 0 || inc->change_count == 0) {
        return;
    }
    double app = MAX(r->app_change_ms, 0);
    double of_app =
        MIN(shift_app_from_calls_ms(r) + r->app_waiting_ms + beside_statements_ms(inc), app);
    double ms = inc->cause_count == 0 ? 0 : statements_ms(inc, statements) + of_app;
    inc->explained = MIN(MAX(ms / r->change_ms, 0), 1);
}

bool
account_cannot_tell(const struct incident *inc)
{
    return !isnan(inc->explained) && inc->explained < FINDING_EXPLAINED_MIN;
}
