/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"
#include "model/event.h"

/* At least this share of the route's requests repeat it. */
#define REPEATED_SHARE_MIN 0.3

bool
detect_repeated_query(const struct detect_input *in, struct finding *f)
{
    const struct stats_query *q = in->now;
    if (in->statement->kind != STATEMENT_SELECT || q->repeated < REPEATED_SHARE_MIN ||
        !detect_matters(in, q->extra_calls * (q->per_call_ms + q->gap_ms))) {
        return false;
    }
    const struct proof_watch *w = proof_find(in->proof, q->fingerprint);
    const struct proof_key *key = w == NULL ? NULL : proof_result(w);
    if (key == NULL) {
        detect_begin(in, FINDING_REPEATED_QUERY, EVIDENCE_MEASURED, "counters", f);
        snprintf(f->detail, sizeof(f->detail),
                 "runs %.0f times in a request, with other values each time", q->calls);
        return true;
    }
    detect_begin(in, FINDING_REPEATED_QUERY, EVIDENCE_PROVED, "values", f);
    f->requests_looked_at = w->looked_at;
    f->requests_matched = key->matches;
    const struct advice_column *c =
        advice_column(in->advice, key->table_oid, key->attnum, in->database, in->now_ns);
    if (c != NULL && c->state == ADVICE_GIVEN) {
        memcpy(f->parent_table, c->table, sizeof(f->parent_table));
        memcpy(f->parent_column, c->column, sizeof(f->parent_column));
        snprintf(f->detail, sizeof(f->detail),
                 "once for each row of %.40s (all values are %.40s.%.40s of the rows before)",
                 c->table, c->table, c->column);
    } else {
        snprintf(f->detail, sizeof(f->detail),
                 "once for each row of a result before it (all values are column %u of those "
                 "rows)",
                 key->column + 1u);
    }
    return true;
}
