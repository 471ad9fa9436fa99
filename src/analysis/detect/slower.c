/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

/* Less of the route's own change than this explains nothing. */
#define SHARE_OF_OWN_MIN 0.2

bool
detect_slower(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *p = in->part;
    if (p == NULL || p->kind != SHIFT_SLOWER ||
        p->change_ms < SHARE_OF_OWN_MIN * in->route->own_ms) {
        return false;
    }
    detect_begin(in, FINDING_SLOWER, EVIDENCE_MEASURED, "counters", f);
    snprintf(f->detail, sizeof(f->detail), "%.1f ms a call, was %.1f ms, %.0f rows",
             p->per_call_now_ms, p->per_call_before_ms, in->now->rows);
    return true;
}
