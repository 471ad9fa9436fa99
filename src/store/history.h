/* SPDX-License-Identifier: Apache-2.0
 * store/history.h - what the store knows about a stretch of time, as the JSON that the API gives.
 *
 * Reads beside the running writer, with a connection of its own. Bounded answers: HISTORY_POINTS
 * points over the range, HISTORY_TOP of the largest routes and statements, HISTORY_MARKS deploys
 * and incidents. Up to two days back windows are minutes, before that hours. Milliseconds to tens
 * of milliseconds each. One thread; the caller owns what it gets. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <jansson.h>

#include "base/check.h"
#include "base/diag.h"

#define HISTORY_POINTS 360u
#define HISTORY_TOP    25u
#define HISTORY_MARKS  100u

struct history_range {
    uint64_t from_s; /* wall clock; 0: an hour before to_s */
    uint64_t to_s;   /* 0: now */
    uint64_t now_s;
};

struct history;

/* DIR/store.db, which must be there. 0 or -errno with a diag. */
MUST_CHECK int history_open(const char *dir, struct diag *diag, struct history **ret_history);
void history_free(struct history **history);

/* 0; -ENODATA: nothing of that name is known; -EINVAL: no such range; -EIO. */
MUST_CHECK int history_overview(struct history *h, const struct history_range *range,
                                json_t **ret_document);
MUST_CHECK int history_route(struct history *h, const char *route,
                             const struct history_range *range, json_t **ret_document);
MUST_CHECK int history_query(struct history *h, uint64_t fingerprint,
                             const struct history_range *range, json_t **ret_document);

/* {"fingerprint", "plans"}: what the planner was seen to choose for it, what it chose last first;
 * none where nothing is known. 0 or -EIO. */
MUST_CHECK int history_plans(struct history *h, uint64_t fingerprint, json_t **ret_document);

#endif
