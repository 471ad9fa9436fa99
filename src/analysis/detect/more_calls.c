/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define SHARE_OF_OWN_MIN 0.2

bool
detect_more_calls(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *p = in->part;
    if (p == NULL || (p->kind != SHIFT_NEW && p->kind != SHIFT_MORE) ||
        p->change_ms < SHARE_OF_OWN_MIN * in->route->own_ms) {
        return false;
    }
    detect_begin(in, FINDING_MORE_CALLS, EVIDENCE_MEASURED, "counters", f);
    snprintf(f->detail, sizeof(f->detail), "%.1f calls a request, was %.1f; %.1f ms each",
             p->calls_now, p->calls_before, p->per_call_now_ms);
    return true;
}
