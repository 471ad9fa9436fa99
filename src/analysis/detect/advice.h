/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/advice.h - the judge's conversation with the advisor: what was asked, what is
 * open, and the facts that came back.
 *
 * Asking is idempotent: a question that is open, or was answered lately, is not asked again, so
 * callers ask whenever they would like to know. Without an advisor every answer stays
 * ADVICE_NONE or ADVICE_REFUSED and callers use weaker evidence. Answers hold no literals.
 * Also holds the raw samples of statements on their way to an explain question (from the lens): in
 * memory only, and freed once the answer is there.
 * Bounded: the ADVICE_*_MAX below; when full the oldest gives way. One thread. */
#ifndef ANALYSIS_DETECT_ADVICE_H
#define ANALYSIS_DETECT_ADVICE_H

#include <jansson.h>

#include "analysis/detect/tables.h"
#include "analysis/detect/waiting.h"
#include "analysis/intake/intake.h"
#include "analysis/series/statement.h"
#include "base/clock.h"
#include "model/question.h"

#define ADVICE_OPEN_MAX      64u
#define ADVICE_PLANS_MAX     64u
#define ADVICE_COLUMNS_MAX   64u
#define ADVICE_INDEXES_MAX   32u
#define ADVICE_GIVE_UP_NS    (20 * 1000000000ull)
#define ADVICE_SAMPLES_BYTES (64u * 1024)

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

struct advice_index {
    char schema[STATEMENT_NAME_LEN];
    char table[STATEMENT_NAME_LEN];
    struct statement_names columns;
    enum advice_state state;
    uint64_t asked_ns, covered_ns, uncovered_ns; /* last uncovered; first covered after it */
    bool covered;
};

struct advice_column {
    uint32_t table_oid;
    int16_t attnum;
    enum advice_state state;
    uint64_t asked_ns;
    char table[STATEMENT_NAME_LEN];
    char column[STATEMENT_NAME_LEN];
};

struct advice;

struct advice *advice_new(uint32_t (*ask)(void *ctx, const char *question), void *ctx);
void advice_free(struct advice **advice);

/* Finds or starts what is known about a statement's plan; NULL when full of fresher ones. */
struct advice_plan *advice_plan(struct advice *a, uint64_t fingerprint);
/* The one plan at a time that is asked for at leisure, of another statement now (0: as it is). What
 * comes back is told to on_plan, and no detector's business. */
struct advice_plan *advice_survey(struct advice *a, uint64_t fingerprint);

/* Called with each plan that comes back, and all that was answered with it. */
void advice_on_plan(struct advice *a,
                    void (*on_plan)(void *ctx, uint64_t fingerprint, const json_t *answer),
                    void *ctx);

/* A raw sample from the lens; binary parameters are of no use to it. */
void advice_sample(struct advice *a, const struct intake_lens_values *values);
void advice_ask_plan(struct advice *a, struct advice_plan *plan, const struct statement *s,
                     const char *database, uint64_t now_ns);

void advice_ask_describe(struct advice *a, struct statement *const *list, unsigned count,
                         const char *database, uint64_t now_ns);
struct advice_table *advice_table(struct advice *a, const char *database, const char *name);
/* All known tables of that database, not more often than every interval_ns. */
void advice_ask_tables(struct advice *a, const char *database, uint64_t interval_ns,
                       uint64_t now_ns);
struct advice_index *advice_index(struct advice *a, const char *schema, const char *table,
                                  const struct statement_names *columns);
void advice_ask_index(struct advice *a, struct advice_index *index, const char *database,
                      uint64_t interval_ns, uint64_t now_ns);
struct advice_column *advice_column(struct advice *a, uint32_t table_oid, int16_t attnum,
                                    const char *database, uint64_t now_ns);
void advice_ask_waits(struct advice *a, const char *database, uint64_t interval_ns,
                      uint64_t now_ns);
/* What came back. */
struct waiting *advice_waiting(struct advice *a);
struct tables *advice_tables(struct advice *a);

/* True when the id was one of its questions. Statements are for describe's answers. */
bool advice_answer(struct advice *a, uint32_t id, struct slice json,
                   const struct statement_table *statements, uint64_t now_ns);
void advice_expire(struct advice *a, uint64_t now_ns);

#endif
