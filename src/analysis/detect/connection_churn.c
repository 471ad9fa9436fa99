/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/change/assess.h"
#include "analysis/detect/beside.h"
#include "analysis/detect/detect.h"

#define CHURN_SAVING_SHARE 0.5 /* of what it takes: the application waits for the rest anyway */

/* What the first statements on new connections cost more: each fills a backend's caches. */
static double
paid_by_statements_ms(const struct detect_input *in)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    double ms = 0;
    unsigned n = shift_parts(in->shift, in->route, parts);
    for (unsigned i = 0; i < n; i++) {
        bool pays = assess_pays_for_churn(in->shift, in->route, &parts[i]);
        ms += pays ? MAX(parts[i].by_cost_ms, 0) : 0;
    }
    return ms;
}

/* Of all requests: the subject is no statement. */
bool
detect_connection_churn(const struct detect_input *in, struct finding *f)
{
    const struct shift *s = in->shift;
    double more = s->opened_now - MAX(s->opened_before, 0);
    double cost_ms = more * s->setup_ms;
    if (!assess_has_churn(s) || !detect_matters(in, cost_ms) ||
        in->route->app_change_ms < CHURN_SAVING_SHARE * cost_ms) {
        return false;
    }
    detect_begin(in, FINDING_CONNECTION_CHURN, EVIDENCE_MEASURED, "counters", f);
    f->has_saving = true;
    f->saving_ms = MIN(cost_ms, in->route->app_change_ms) + paid_by_statements_ms(in);
    f->shares.app = cost_ms < in->route->app_change_ms ? 0 : 1; /* else of counters */
    snprintf(f->label, sizeof(f->label), "new connections");
    snprintf(f->detail, sizeof(f->detail),
             "%.2f new connections a request, were %.2f; each takes %.1f ms until its first query",
             s->opened_now, MAX(s->opened_before, 0), s->setup_ms);
    struct beside beside = beside_of(advice_databases(in->advice), s, 0);
    beside_say_sessions(&beside, s->opened_now * s->rate_now, f->detail, sizeof(f->detail));
    return true;
}
