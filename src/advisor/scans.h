/* SPDX-License-Identifier: Apache-2.0
 * advisor/scans.h - which tables a list of statements reads as a whole, for commands of the user's
 * (`slowburn check`, `slowburn dev`), not for the advisor's process.
 *
 * By the generic plan of each, so that no value decides, and the planner's own idea of how many
 * rows the table has, which exists for one that was never analyzed, too. One login for each
 * database, of the advisor's kind (login.h). Blocks while it plans; statements are parsed on a
 * thread with a large stack (parse.h), which is joined before it returns. From then on the process
 * logs errors alone: what a login says comes back as the reason. */
#ifndef ADVISOR_SCANS_H
#define ADVISOR_SCANS_H

#include <jansson.h>

#include "base/diag.h"

#define SCANS_LOGINS_MAX 16u

/* statements: [{statement (normalized), database, ...}, ...]. Each of them gets `scans`: [{table,
 * rows}, ...], empty for what has no plan (SET, BEGIN, INSERT of values), or `refused`: why nobody
 * can tell. dsn: as libpq reads it; its database gives way to the statement's. 0, or a negative
 * errno with a diag: no login works. */
MUST_CHECK int scans_find(const char *dsn, json_t *statements, struct diag *diag);

#endif
