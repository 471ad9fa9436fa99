/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define LOOK_UP_TIMES_FLOOR 4

/* One or two look-ups more are what a new feature is made of. */
static bool
is_harmless(const struct detect_input *in)
{
    const struct shift_part *p = in->part;
    return p->calls_now - p->calls_before < RECENT_REPEATS_MIN - 1 && in->floor_ms > 0 &&
           p->per_call_now_ms <= LOOK_UP_TIMES_FLOOR * in->floor_ms;
}

bool
detect_more_calls(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *p = in->part;
    if (p == NULL || (p->kind != SHIFT_NEW && p->kind != SHIFT_MORE) || !detect_stands_out(in) ||
        is_harmless(in)) {
        return false;
    }
    detect_begin(in, FINDING_MORE_CALLS, EVIDENCE_MEASURED, "counters", f);
    snprintf(f->detail, sizeof(f->detail), "%.1f calls a request, was %.1f; %.1f ms each",
             p->calls_now, p->calls_before, p->per_call_now_ms);
    return true;
}
