/* SPDX-License-Identifier: Apache-2.0
 * export/announce.h - what there is to say about an incident to somebody who was told of it before.
 *
 * One message for each change of state: it was opened, got worse, a fix landed, it recovered, it
 * was closed. Only the latest state is told: who was away meanwhile hears where it stands now, not
 * what it missed. The first message waits for a cause, ANNOUNCE_PATIENCE_S at most. "Worse" is
 * twice the milliseconds that were told last, ANNOUNCE_WORSE_AFTER_S later at the earliest.
 *
 * An incident is quiet while it is muted (muted_until), and before it is announced (announced_at is
 * null): nothing is told of it then, but the end of what was told before. One that is over before
 * anything was told, and quiet then, is never told; nor is one that is over when it is first heard
 * of. Pure. */
#ifndef EXPORT_ANNOUNCE_H
#define EXPORT_ANNOUNCE_H

#include <jansson.h>

#include "base/check.h"

#define ANNOUNCE_PATIENCE_S    15
#define ANNOUNCE_WORSE_AFTER_S 600
#define ANNOUNCE_WORSE_TIMES   2

/* In the order in which they happen; what is back begins anew. */
enum announce_change {
    ANNOUNCE_NOTHING,
    ANNOUNCE_OPENED,
    ANNOUNCE_REOPENED, /* it had recovered, and is back */
    ANNOUNCE_WORSE,
    ANNOUNCE_FIXING,
    ANNOUNCE_RECOVERED,
    ANNOUNCE_CLOSED,
    ANNOUNCE_CHANGE_COUNT,
};

/* What matters of an incident's document. */
struct announce_facts {
    enum announce_change state; /* never REOPENED or WORSE */
    int64_t opened_s;           /* wall clock */
    double change_ms;
    bool has_cause;
    int64_t quiet_until_s; /* 0: it is not quiet; INT64_MAX: nobody knows until when */
};

/* What was told, as far as it is known. */
struct announced {
    enum announce_change change;
    double change_ms;
    int64_t at_s;
    unsigned count; /* messages so far */
};

const char *announce_change_name(enum announce_change change);
/* NOTHING: no such name. */
enum announce_change announce_change_of(const char *name);

/* 0 or -EBADMSG: no incident. */
MUST_CHECK int announce_facts_of(const json_t *incident, struct announce_facts *ret_facts);

/* Recovered, or closed. */
bool announce_is_over(const struct announce_facts *facts);

/* Over before anything was told, and quiet: there is nothing to tell, whatever comes. */
bool announce_is_past(const struct announce_facts *facts, const struct announced *told,
                      int64_t now_s);

/* ret_later_s: with NOTHING, when time alone may change the answer; 0: it does not. */
enum announce_change announce_due(const struct announce_facts *facts, const struct announced *told,
                                  int64_t now_s, int64_t *ret_later_s);

#endif
