/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"
#include "model/event.h"

/* Without a plan: so much dearer than a look-up, for so few rows, looks like a scan. */
#define SCAN_TIMES_FLOOR 10
#define SCAN_CALL_MS     5.0
#define SCAN_ROWS_MAX    100

static void
describe_scan(const struct advice_plan *p, struct finding *f)
{
    char read[32], returned[32];
    if (p->has_scan) {
        snprintf(f->detail, sizeof(f->detail), "%s rows of %.60s read to return %s",
                 detect_count(p->rows_read, read), p->table,
                 detect_count(p->rows_returned, returned));
    } else {
        snprintf(f->detail, sizeof(f->detail), "with one the plan's cost falls %.0f times",
                 p->cost_after > 0 ? p->cost_before / p->cost_after : 0);
    }
    if (p->doubt[0] != '\0') {
        size_t n = strlen(f->detail);
        snprintf(f->detail + n, sizeof(f->detail) - n, " (%s)", p->doubt);
    }
}

static bool
from_plan(const struct detect_input *in, const struct advice_plan *p, struct finding *f)
{
    double ratio = p->cost_before > 0 ? p->cost_after / p->cost_before : 1;
    double after = MAX(in->floor_ms, in->now->per_call_ms * ratio);
    if (!p->has_index || !detect_matters(in, in->now->calls * (in->now->per_call_ms - after))) {
        return false;
    }
    detect_begin(in, FINDING_MISSING_INDEX, p->proved ? EVIDENCE_PROVED : EVIDENCE_SUSPECTED,
                 "plan", f);
    f->tables.count = 0;
    statement_names_add(&f->tables, slice_from_str(p->table));
    f->columns = p->columns;
    memcpy(f->schema, p->schema, sizeof(f->schema));
    memcpy(f->ddl, p->ddl, sizeof(f->ddl));
    f->cost_ratio = ratio;
    f->has_scan = p->has_scan;
    f->rows_read = p->rows_read;
    f->rows_returned = p->rows_returned;
    f->build_ms = p->build_ms;
    f->size_bytes = p->size_bytes;
    f->write_us = p->write_us;
    describe_scan(p, f);
    return true;
}

bool
detect_missing_index(const struct detect_input *in, struct finding *f)
{
    const struct stats_query *q = in->now;
    const struct advice_plan *p = advice_plan(in->advice, q->fingerprint);
    if (p != NULL && p->state == ADVICE_GIVEN) {
        return from_plan(in, p, f);
    }
    const struct statement *s = in->statement;
    bool like_a_scan = q->per_call_ms >= SCAN_CALL_MS && in->floor_ms > 0 &&
                       q->per_call_ms >= SCAN_TIMES_FLOOR * in->floor_ms &&
                       q->rows <= SCAN_ROWS_MAX;
    if (p == NULL || p->state != ADVICE_REFUSED || !like_a_scan || s->reads.count != 1 ||
        s->columns.count == 0 || !detect_matters(in, q->cost_ms)) {
        return false;
    }
    detect_begin(in, FINDING_MISSING_INDEX, EVIDENCE_SUSPECTED, "correlation", f);
    f->cost_ratio = in->floor_ms / q->per_call_ms;
    snprintf(f->detail, sizeof(f->detail),
             "each call takes %.1f ms to return %.0f rows, a look-up here %.1f ms (no plan: %.80s)",
             q->per_call_ms, q->rows, in->floor_ms,
             p->reason[0] != '\0' ? p->reason : "no advisor");
    return true;
}
