/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/change/assess.h"
#include "analysis/detect/detect.h"

#define SHARE_OF_ROWS 0.7 /* of the rows that its route gets more of */
#define SHARE_OF_OWN  0.5 /* of what the route has become slower by itself */

static double
rows_of(const struct stats_query *q)
{
    return q == NULL ? 0 : q->calls * q->rows;
}

/* By so many rows its route gets more, over all statements. */
static double
more_rows(const struct shift_route *r)
{
    double more = 0;
    for (unsigned i = 0; i < r->now.query_count; i++) {
        const struct stats_query *q = &r->now.q[i];
        more += MAX(rows_of(q) - rows_of(stats_find(&r->before, q->fingerprint)), 0);
    }
    return more;
}

/* What rows cost is mostly the application's: it reads them, makes objects of them, and answers
 * with them. So its added time counts, too, where the added rows are this statement's. */
bool
detect_unbounded_result(const struct detect_input *in, struct finding *f)
{
    const struct shift_route *r = in->route;
    const struct stats_query *now = in->now;
    if (in->part == NULL || in->statement->kind != STATEMENT_SELECT) {
        return false;
    }
    if (!assess_returns_more(r, now->fingerprint)) {
        return false;
    }
    const struct stats_query *before = stats_find(&r->before, now->fingerprint);
    double more = rows_of(now) - rows_of(before);
    double app_ms = MAX(r->app_change_ms - r->app_waiting_ms, 0);
    double cost_ms = MAX(in->part->change_ms, 0) + app_ms;
    if (more < SHARE_OF_ROWS * more_rows(r) || !detect_matters(in, cost_ms) ||
        cost_ms < SHARE_OF_OWN * r->own_ms) {
        return false;
    }
    char rows[32], was[32];
    detect_begin(in, FINDING_UNBOUNDED_RESULT, EVIDENCE_MEASURED, "counters", f);
    f->has_saving = true;
    f->saving_ms = cost_ms;
    f->shares.change = in->part->change_ms > 0 ? 1 : 0;
    f->shares.app = app_ms > 0 ? app_ms / r->app_change_ms : 0;
    snprintf(f->detail, sizeof(f->detail),
             "%s rows a call, was %s; %.1f ms more in the database, %.1f ms in the application",
             detect_count(now->rows, rows), detect_count(before->rows, was), in->part->change_ms,
             app_ms);
    return true;
}
