/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/beside.h"
#include "analysis/detect/detect.h"

#define BUSY_SHARE    0.85 /* of the processors */
#define WAITING_SHARE 0.5  /* of the route's change */

/* What is left when nothing of the route's own explains it: everything waits for processors. */
bool
detect_saturation(const struct detect_input *in, struct finding *f)
{
    const struct shift *s = in->shift;
    const struct shift_route *r = in->route;
    struct waiting_sums w = advice_waiting(in->advice)->sums;
    if (in->cores == 0 || w.server_cpu < BUSY_SHARE * in->cores || s->load_now <= s->load_before ||
        r->waiting_ms < WAITING_SHARE * r->change_ms || !detect_matters(in, r->waiting_ms)) {
        return false;
    }
    detect_begin(in, FINDING_SATURATION, EVIDENCE_MEASURED, "counters", f);
    f->has_saving = true;
    f->saving_ms = r->waiting_ms;
    f->shares.waiting = 1;
    double traffic = s->rate_before > 0 ? 100 * (s->rate_now / s->rate_before - 1) : 0;
    snprintf(f->label, sizeof(f->label), "the database's processors");
    snprintf(f->detail, sizeof(f->detail),
             "%.1f of %u busy by its server, %.1f queries in progress, were %.1f; traffic %+.0f %%",
             w.server_cpu, in->cores, s->load_now, s->load_before, traffic);
    struct beside beside = beside_of(advice_databases(in->advice), s, 0);
    beside_say_load(&beside, f->detail, sizeof(f->detail));
    return true;
}
