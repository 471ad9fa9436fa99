/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define SLOWER_TIMES  3.0  /* a call, at least */
#define ROWS_READ_MIN 1000 /* a small table is read in full for good reasons */
#define READ_TIMES    20   /* of what calls return, by the wire */

/* An index that fits is there, the planner reads the whole table instead, and calls used to be far
 * too cheap for that: its statistics are wrong. */
bool
detect_plan_change(const struct detect_input *in, struct finding *f)
{
    const struct shift_part *part = in->part;
    if (part == NULL || part->kind != SHIFT_SLOWER || !detect_stands_out(in) ||
        !detect_matters(in, part->change_ms) ||
        part->per_call_now_ms < SLOWER_TIMES * part->per_call_before_ms) {
        return false;
    }
    const struct advice_plan *p = advice_plan(in->advice, in->now->fingerprint);
    if (p == NULL || p->state != ADVICE_GIVEN || p->has_index || p->unused_index[0] == '\0' ||
        !p->has_scan || p->rows_read < ROWS_READ_MIN ||
        p->rows_read < READ_TIMES * MAX(in->now->rows, 1)) {
        return false;
    }
    char read[32], rows[32];
    detect_begin(in, FINDING_PLAN_CHANGE, EVIDENCE_MEASURED, "plan", f);
    f->tables.count = 0;
    statement_names_add(&f->tables, slice_from_str(p->scan_table));
    f->has_scan = true;
    f->rows_read = p->rows_read;
    f->rows_returned = in->now->rows;
    f->has_saving = true;
    f->saving_ms = part->change_ms;
    f->shares.change = 1;
    snprintf(f->detail, sizeof(f->detail),
             "%.1f ms a call, was %.1f ms: the planner reads all %s rows of %.60s for %s, though "
             "%.60s fits; are its statistics right (ANALYZE)?",
             part->per_call_now_ms, part->per_call_before_ms, detect_count(p->rows_read, read),
             p->scan_table, detect_count(in->now->rows, rows), p->unused_index);
    return true;
}
