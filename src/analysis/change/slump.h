/* SPDX-License-Identifier: Apache-2.0
 * analysis/change/slump.h - everything has become slower alike, and no statement or route stands
 * out.
 *
 * Mostly that is a machine that is busy with something else, and passes: so it is watched, and only
 * told. What lasts is an incident of its own (a disk in trouble, a database that is being backed
 * up), without a cause of ours: it needs a large factor (SLUMP_TIMES) over minutes, at the traffic
 * of before: SLUMP_DATABASE_NS where the database's calls alone are slower, SLUMP_ALL_NS where the
 * applications' own time is, too. Requests that have begun to open connections of their own are
 * such a case, too, by what that costs them, and after SLUMP_CHURN_NS: it is a count, which neither
 * traffic nor a cold cache moves. Pure but for the struct, which is the judge's. */
#ifndef ANALYSIS_CHANGE_SLUMP_H
#define ANALYSIS_CHANGE_SLUMP_H

#include "analysis/change/shift.h"

#define SLUMP_TIMES       3.0
#define SLUMP_OVER_TIMES  2.0 /* it is over below this */
#define SLUMP_DATABASE_NS (4 * 60 * 1000000000ull)
#define SLUMP_CHURN_NS    (60 * 1000000000ull)
#define SLUMP_ALL_NS      (12 * 60 * 1000000000ull)

struct slump {
    uint64_t since_ns; /* 0: there is none */
    double call_ratio, app_ratio;
    double traffic; /* now / before */
    unsigned statements;
    bool is_churn;
    double opened_before, opened_now, setup_ms;
};

enum slump_state { SLUMP_NONE, SLUMP_BEGINS, SLUMP_WATCHED, SLUMP_LASTS };

/* shift: what was normal against the last minute. Call once a second. */
enum slump_state slump_look(struct slump *slump, const struct shift *shift, uint64_t now_ns);

/* What is known, in words. */
const char *slump_text(const struct slump *slump, char *dst, size_t size);

/* The route that loses most by it; of what new connections cost, the one that has hardly anything
 * else to lose by. slump: NULL where all is slower for another reason. NULL: none. */
struct shift_route *slump_worst(const struct slump *slump, const struct shift *shift);

#endif
