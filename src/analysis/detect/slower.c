/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/change/assess.h"
#include "analysis/detect/detect.h"

bool
detect_slower(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *p = in->part;
    if (p == NULL || p->kind != SHIFT_SLOWER || !detect_stands_out(in) ||
        assess_pays_for_churn(in->shift, in->route, p)) {
        return false;
    }
    detect_begin(in, FINDING_SLOWER, EVIDENCE_MEASURED, "counters", f);
    snprintf(f->detail, sizeof(f->detail), "%.1f ms a call, was %.1f ms, %.0f rows",
             p->per_call_now_ms, p->per_call_before_ms, in->now->rows);
    return true;
}
