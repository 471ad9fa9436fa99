/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/change/assess.h"
#include "analysis/detect/beside.h"
#include "analysis/detect/detect.h"
#include "base/hash.h"

/* Why, as far as the database's own counters tell: they are of all its clients. */
static void
say_what_else(const struct detect_input *in, struct finding *f)
{
    const struct databases *d = advice_databases(in->advice);
    struct beside b = beside_of(d, in->shift, hash_bytes(slice_from_str(in->database)));
    double calls_per_s = in->now->calls * in->route->now.per_min / 60;
    beside_say_spills(&b, calls_per_s, f->detail, sizeof(f->detail));
    beside_say_load(&b, f->detail, sizeof(f->detail));
    if (beside_spills(&b)) {
        snprintf(f->advice, sizeof(f->advice),
                 "log_temp_files = 0 names the statements that write them; an index in the order "
                 "that is asked for, or more work_mem for such a statement alone (SET LOCAL "
                 "work_mem), keeps a sort in memory");
    }
}

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
    say_what_else(in, f);
    return true;
}
