/* SPDX-License-Identifier: Apache-2.0
 * advisor/index.h - the index that a statement lacks, tried out before it is named.
 *
 * Candidates of at most INDEX_WIDTH_MAX columns out of the plan's own conditions (equal, then
 * range, join or order). With HypoPG each is planned with: proved when the plan uses it and the
 * statement's cost falls INDEX_GAIN times (or that of the scan does and the whole falls by
 * INDEX_PART); of those within 10 % of the best the narrowest is taken. Without HypoPG: suspected,
 * when a sequential scan of a table of INDEX_ROWS_MIN rows returns at most INDEX_SELECTIVE of them.
 * Never one that exists or begins an existing one. Build time, size and write cost are estimates;
 * doc/internals/advisor.md has the formulas. */
#ifndef ADVISOR_INDEX_H
#define ADVISOR_INDEX_H

#include "advisor/explain.h"

#define INDEX_WIDTH_MAX      3
#define INDEX_CANDIDATES_MAX 12
#define INDEX_GAIN           10.0
#define INDEX_PART           0.3
#define INDEX_ROWS_MIN       1000.0
#define INDEX_SELECTIVE      0.05
#define INDEX_NAME_LEN       64

/* The answer's "index" (new reference), or NULL and *ret_reason (static). `plan` is e's plan, with
 * the scans' table sizes filled in. ret_unused: the name of an index that there is for a table that
 * is read in full, and "" for none. */
json_t *index_advise(struct explain *e, const struct plan *plan, const char **ret_reason,
                     char ret_unused[INDEX_NAME_LEN]);

/* The scan that reads most rows for nothing; NULL: no sequential scan. */
const struct plan_scan *index_worst_scan(const struct plan *plan);

#endif
