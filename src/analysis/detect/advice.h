/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/advice.h - the judge's conversation with the advisor: what was asked, what is
 * open, and the facts that came back.
 *
 * Asking is idempotent: a question that is open, or was answered lately, is not asked again, so
 * callers ask whenever they would like to know. Without an advisor every answer stays
 * ADVICE_NONE or ADVICE_REFUSED and callers use weaker evidence. Answers hold no literals.
 * What it says of plans, tables and waits is kept in files of their own (explained.h, tables.h,
 * waiting.h).
 * Bounded: the ADVICE_*_MAX below; when full, what was not wanted for longest gives way, and what
 * is then answered about it is nobody's. One thread. */
#ifndef ANALYSIS_DETECT_ADVICE_H
#define ANALYSIS_DETECT_ADVICE_H

#include <jansson.h>

#include "analysis/detect/databases.h"
#include "analysis/detect/explained.h"
#include "analysis/detect/tables.h"
#include "analysis/detect/waiting.h"
#include "analysis/intake/intake.h"
#include "analysis/series/statement.h"
#include "base/clock.h"
#include "model/question.h"

#define ADVICE_OPEN_MAX       64u
#define ADVICE_COLUMNS_MAX    64u
#define ADVICE_INDEXES_MAX    32u
#define ADVICE_GIVE_UP_NS     (20 * 1000000000ull)
#define ADVICE_DESCRIBE_BYTES (64u * 1024) /* of texts in one question */

struct advice_index {
    uint64_t key;  /* of its names, and of its database's */
    uint64_t used; /* when, in look-ups; 0: free */
    char schema[STATEMENT_NAME_LEN];
    char table[STATEMENT_NAME_LEN];
    struct statement_names columns;
    enum advice_state state;
    uint64_t asked_ns, covered_ns, uncovered_ns; /* last uncovered; first covered after it */
    bool covered;
};

struct advice_column {
    uint64_t key; /* of its table's and its own number, and of its database */
    uint64_t used;
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
struct advice_index *advice_index(struct advice *a, const char *database, const char *schema,
                                  const char *table, const struct statement_names *columns);
void advice_ask_index(struct advice *a, struct advice_index *index, const char *database,
                      uint64_t interval_ns, uint64_t now_ns);
struct advice_column *advice_column(struct advice *a, uint32_t table_oid, int16_t attnum,
                                    const char *database, uint64_t now_ns);
void advice_ask_waits(struct advice *a, const char *database, uint64_t interval_ns,
                      uint64_t now_ns);
/* What came back. */
struct waiting *advice_waiting(struct advice *a);
const struct databases *advice_databases(const struct advice *a);
struct tables *advice_tables(struct advice *a);

/* True when the id was one of its questions. Statements are for describe's answers. */
bool advice_answer(struct advice *a, uint32_t id, struct slice json,
                   const struct statement_table *statements, uint64_t now_ns);
void advice_expire(struct advice *a, uint64_t now_ns);

#endif
