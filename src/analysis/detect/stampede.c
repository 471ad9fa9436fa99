/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define CROWDED_MIN  16u /* calls in crowds */
#define WASTED_SHARE 0.3 /* of what the statement takes */

bool
detect_stampede(const struct detect_input *in, struct finding *f)
{
    struct stampede_sum sum;
    char calls[32], all[32];
    const struct shift_part *p = in->part;
    if (p == NULL || p->change_ms <= 0 || !detect_stands_out(in) || in->stampedes == NULL ||
        !stampedes_sum(in->stampedes, in->now->fingerprint, in->now_ns, &sum)) {
        return false;
    }
    double needless_ms = sum.wasted_share * in->now->cost_ms;
    double saving_ms = MIN(needless_ms, p->change_ms);
    if (sum.most < STAMPEDE_MIN || sum.crowded < CROWDED_MIN || sum.wasted_share < WASTED_SHARE ||
        !detect_matters(in, saving_ms)) {
        return false;
    }
    detect_begin(in, FINDING_STAMPEDE, EVIDENCE_MEASURED, "values", f);
    f->has_saving = true;
    f->saving_ms = saving_ms;
    f->shares.now = needless_ms < p->change_ms ? sum.wasted_share : 0;
    f->shares.change = needless_ms < p->change_ms ? 0 : 1;
    snprintf(f->detail, sizeof(f->detail),
             "up to %u calls with the same values at once, %s of %s calls in such a crowd",
             sum.most, detect_count((double)sum.crowded, calls),
             detect_count((double)sum.calls, all));
    snprintf(
        f->advice, sizeof(f->advice),
        "renew what is cached before it expires, or answer with what is old while one call renews "
        "it (stale-while-revalidate); who has nothing old to give lets the others wait for that "
        "one call (single flight)");
    return true;
}
