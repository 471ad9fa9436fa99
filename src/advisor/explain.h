/* SPDX-License-Identifier: Apache-2.0
 * advisor/explain.h - plans of a statement, never its execution.
 *
 * EXPLAIN (FORMAT JSON, VERBOSE), one statement of the extended protocol, of text that the grammar
 * has read as exactly one SELECT, INSERT, UPDATE or DELETE; writes as the SELECT with the same
 * predicate (parse.h). With the values of samples first; else a generic plan. */
#ifndef ADVISOR_EXPLAIN_H
#define ADVISOR_EXPLAIN_H

#include "advisor/login.h"
#include "advisor/parse.h"
#include "advisor/path.h"
#include "advisor/plan.h"

#define EXPLAIN_PARAMS_MAX 2000

/* EXPLAINs that may still be sent; explain_run takes from it. */
struct explain_budget {
    double tokens;
    uint64_t taken; /* ever */
};

struct explain {
    struct login *login;           /* borrowed */
    struct explain_budget *budget; /* borrowed */
    struct parse parse;
    struct path path;
    struct buf text; /* what is planned */
    bool by_values;
    unsigned param_count;
    char **params;      /* owned; NULL: SQL NULL */
    Oid *types;         /* text for those that the text does not have */
    const char *reason; /* of a failure */
};

/* Chooses text and values: of the planned samples the one with the median cost. Keeps its plan in
 * *ret_plan (a new reference); *ret_plan is NULL when there is nothing to plan (INSERT of values).
 * statement: normalized; samples: [{text, params}] or NULL. 0, or a negative errno with reason. */
MUST_CHECK int explain_begin(struct explain *e, struct login *login, struct explain_budget *budget,
                             const char *statement, const json_t *samples, json_t **ret_plan);
void explain_end(struct explain *e);

/* Plans it again, as the session is now. NULL with e->reason. */
json_t *explain_run(struct explain *e);

#endif
