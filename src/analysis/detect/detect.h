/* SPDX-License-Identifier: Apache-2.0
 * analysis/detect/detect.h - the detectors: one statement on one route, with everything that is
 * known about it, in; one finding with its evidence, or nothing, out.
 *
 * Each detector is a pure function in a file of its own. A finding is only worth reporting when
 * removing it saves something that matters (DETECT_SAVING_*): a gap in a statement that costs
 * nothing is no cause. Plain data; belongs to the judge's thread. */
#ifndef ANALYSIS_DETECT_DETECT_H
#define ANALYSIS_DETECT_DETECT_H

#include "analysis/change/shift.h"
#include "analysis/detect/advice.h"
#include "analysis/detect/proof.h"
#include "analysis/series/sameness.h"
#include "analysis/series/stampede.h"
#include "analysis/series/statement.h"
#include "model/finding.h"

#define DETECT_SAVING_MIN_MS 0.5
#define DETECT_SAVING_SHARE  0.03 /* of the route's mean */

struct detect_input {
    const struct shift_route *route;
    const struct shift_part *part; /* what changed about the statement */
    const struct stats_query *now;
    const struct statement *statement;
    const char *database;
    struct advice *advice;
    struct proof *proof;
    const struct sameness *sameness;
    const struct stampedes *stampedes; /* NULL: nobody looks */
    const struct statement_table *statements;
    const struct shift *shift;
    unsigned cores;    /* of the database's machine; 0: not known */
    double largest_ms; /* by so much the statement grew that grew most */
    double floor_ms;   /* what a cheap indexed look-up costs here and now; 0: not known */
    uint64_t now_ns;
};

/* What of its route's figures a saving is made of: the error follows from theirs. None: it comes of
 * counters, which do not say how sure they are. */
struct finding_shares {
    double now;     /* of what the statement takes now */
    double change;  /* of what it takes more */
    double app;     /* of what the application takes more */
    double waiting; /* of what the queries wait */
};

struct finding {
    enum finding_kind kind;
    enum evidence evidence;
    uint64_t fingerprint;
    char basis[16]; /* plan, values, counters, samples, correlation */
    char detail[448];
    char advice[256]; /* what to do, where that is no action with a receipt; "": nothing to say */
    struct statement_names tables;
    struct statement_names columns;
    /* missing-index */
    char schema[STATEMENT_NAME_LEN];
    char ddl[400];
    double cost_ratio; /* after / before, by the planner */
    double build_ms, size_bytes, write_us;
    bool has_scan;
    double rows_read, rows_returned;
    /* repeated-query */
    uint32_t requests_looked_at, requests_matched; /* their values against earlier rows */
    char parent_table[STATEMENT_NAME_LEN];
    char parent_column[STATEMENT_NAME_LEN];
    /* cacheable */
    double hit_rate;
    uint64_t calls;
    unsigned answers;
    /* lock-wait, idle-in-transaction */
    struct waiting_block block;
    /* Where it is not what attribution makes of the statement's figures. */
    bool has_saving;
    double saving_ms;
    struct finding_shares shares;
    char label[96]; /* "": the statement's */
};

bool detect_repeated_query(const struct detect_input *in, struct finding *ret_finding);
bool detect_missing_index(const struct detect_input *in, struct finding *ret_finding);
bool detect_cacheable(const struct detect_input *in, struct finding *ret_finding);
/* Slower, and read in full though an index that fits is there. */
bool detect_plan_change(const struct detect_input *in, struct finding *ret_finding);
/* Each call returns far more rows than before, and that is what its route became slower by. */
bool detect_unbounded_result(const struct detect_input *in, struct finding *ret_finding);
/* For statements that none of the above explains. */
bool detect_slower(const struct detect_input *in, struct finding *ret_finding);
bool detect_more_calls(const struct detect_input *in, struct finding *ret_finding);

/* Many of the same at once. */
bool detect_stampede(const struct detect_input *in, struct finding *ret_finding);

/* By the advisor's samples: it waits for a lock, and for whom; and the same of that one, where it
 * does nothing meanwhile. */
bool detect_lock_wait(const struct detect_input *in, struct finding *ret_finding);
bool detect_idle_in_transaction(const struct detect_input *in, struct finding *ret_finding);
/* Of no statement: in->now, part and statement are not looked at. */
bool detect_connection_churn(const struct detect_input *in, struct finding *ret_finding);
bool detect_retry_storm(const struct detect_input *in, struct finding *ret_finding);
bool detect_saturation(const struct detect_input *in, struct finding *ret_finding);

/* Helpers that the detectors share. */
void detect_begin(const struct detect_input *in, enum finding_kind kind, enum evidence evidence,
                  const char *basis, struct finding *ret_finding);
/* The tables and columns that the statement is about. */
void detect_about(struct finding *f, const struct statement *s);
bool detect_matters(const struct detect_input *in, double saving_ms);
/* Its change is one of those that make the route's. */
bool detect_stands_out(const struct detect_input *in);
/* Who is in the way: "a session idle in transaction that last ran orders by id". Returns dst. */
const char *detect_holder(const struct detect_input *in, const struct waiting_block *block,
                          char *dst, size_t size);
/* Who stands between, from who waits to the holder: ", through orders by id, which waits for it";
 * "" where nobody does. Returns dst. */
const char *detect_through(const struct detect_input *in, const struct waiting_block *block,
                           char *dst, size_t size);
/* 300000 -> "300,000". */
const char *detect_count(double n, char dst[32]);

#endif
