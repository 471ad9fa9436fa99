/* SPDX-License-Identifier: Apache-2.0
 * advisor/answer.h - one function for each question of model/question.h.
 *
 * Each returns a new object with its answer's members, or NULL with *ret_reason. Pure of the
 * channel; the sessions are the caller's. */
#ifndef ADVISOR_ANSWER_H
#define ADVISOR_ANSWER_H

#include "advisor/explain.h"

struct asked {
    const json_t *question;
    struct login *login; /* of the question's database and open; NULL: no login */
    struct explain_budget *budget;
    uint64_t now_ns;
};

json_t *answer_explain(const struct asked *a, const char **ret_reason);
json_t *answer_describe(const struct asked *a, const char **ret_reason);
json_t *answer_tables(const struct asked *a, const char **ret_reason);
json_t *answer_indexes(const struct asked *a, const char **ret_reason);
json_t *answer_columns(const struct asked *a, const char **ret_reason);
json_t *answer_waits(const struct asked *a, const char **ret_reason);

#endif
