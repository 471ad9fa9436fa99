/* SPDX-License-Identifier: Apache-2.0
 * sim/script.h - a scripted advisor: what the daemon's would have added to a statement's windows,
 * and when.
 *
 * A plan is known when the statement is planned, and told in the minute in which it is another one:
 * each in its turn once in six hours, at once where its route has become slower by so much that the
 * short view looks into it, and while somebody looks for a cause. Of a plan that depends on values
 * it is chance which one is seen. Waits for locks are sampled once a second. Rows read are known of
 * statements that take a hundredth of the database's time, of so many. Its chances are its own:
 * with and without an advisor a world is the same. */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "analysis/window/reading.h"
#include "sim/chance.h"
#include "sim/fault.h"

struct script {
    struct chance chance;
    bool is_asked; /* somebody looks for a cause */
    unsigned minute, counted;
    double busy_ms, busy_before_ms; /* of all statements, in this minute and the one before */
};

enum script_plan { PLAN_UNKNOWN, PLAN_USUAL, PLAN_OTHER, PLAN_READS_ALL };

/* What it knows of one statement. */
struct script_statement {
    float rows; /* that a call reads as a rule */
    enum script_plan told;
    bool is_counted;
    double usual_ms; /* of a request; 0: not known */
};

void script_begin(struct script *s, uint64_t seed, const struct chance_table *table);
void script_minute(struct script *s);
/* place: the statement's, among all. ms: that it takes of a request, of route_ms. */
void script_tell(struct script *s, struct script_statement *of, unsigned place,
                 const struct effect *e, double ms, double route_ms, struct reading *r);

#endif
