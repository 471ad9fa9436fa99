/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/explained.h - plans as the advisor explains them, by statement, and the raw
 * samples of statements (from the lens) on their way to its question.
 *
 * Plain data of at most EXPLAINED_MAX statements; when full, the plan that nobody has wanted for
 * longest gives way, but none that is asked for. Samples are in memory only, at most
 * EXPLAINED_SAMPLES_BYTES of a statement, and gone once the answer is there; answers hold no
 * literals. Pure; belongs to the judge. */
#ifndef ANALYSIS_DETECT_EXPLAINED_H
#define ANALYSIS_DETECT_EXPLAINED_H

#include "analysis/detect/tables.h"
#include "analysis/intake/intake.h"
#include "analysis/series/statement.h"
#include "model/question.h"

#define EXPLAINED_MAX           64u
#define EXPLAINED_SAMPLES_BYTES (64u * 1024)

struct advice_plan {
    uint64_t fingerprint;
    enum advice_state state;
    uint64_t at_ns;
    char reason[160];
    bool by_values;
    double cost;
    bool has_scan;
    char scan_table[STATEMENT_NAME_LEN];
    double table_rows, rows_read, rows_returned;
    bool has_index;
    bool proved;
    char schema[STATEMENT_NAME_LEN];
    char table[STATEMENT_NAME_LEN];
    struct statement_names columns;
    char ddl[400];
    double cost_before, cost_after, build_ms, size_bytes, write_us;
    char index_reason[160];
    char unused_index[STATEMENT_NAME_LEN]; /* it would fit, and the plan has a scan; "": none */
    char doubt[160]; /* why the index is not proved; "": nothing is in doubt */
    unsigned sample_count;
    json_t *samples; /* [{text, params}], until answered */
    uint64_t used;
    uint64_t lens_ns; /* when the lens was last asked for them */
};

struct explained {
    struct advice_plan plan[EXPLAINED_MAX];
    struct advice_plan survey; /* the one that is asked for at leisure */
    uint64_t uses;             /* counts look-ups */
};

void explained_fini(struct explained *e);

/* Finds it, or begins with it; NULL when full of those that are asked for. */
struct advice_plan *explained_plan(struct explained *e, uint64_t fingerprint);
/* As advice_survey (advice.h). */
struct advice_plan *explained_survey(struct explained *e, uint64_t fingerprint);

/* A raw sample, for whoever waits for it; binary parameters are of no use. */
void explained_sample(struct explained *e, const struct intake_lens_values *values);

/* The question about a plan, and what comes back; the question is the caller's. */
json_t *explained_question(const struct advice_plan *plan, const struct statement *s,
                           const char *database);
void explained_answer(struct advice_plan *plan, const json_t *answer, uint64_t now_ns);

#endif
