/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/logins.h - who was not let in lately: how many users, databases and addresses,
 * by hashes of their names.
 *
 * The last LOGINS_MAX different ones of LOGINS_WINDOW_NS; when more come the oldest gives way, and
 * counts are "at least". Fixed memory. One thread. */
#ifndef ANALYSIS_SERIES_LOGINS_H
#define ANALYSIS_SERIES_LOGINS_H

#include "model/event.h"

#define LOGINS_MAX       128u
#define LOGINS_WINDOW_NS (10 * 60 * 1000000000ull)

struct logins_one {
    uint32_t user, database;
    uint64_t address;
    uint64_t last_ns;
    uint64_t refused;
};

struct logins {
    struct logins_one one[LOGINS_MAX];
    unsigned count;
};

struct logins_sum {
    uint64_t refused;
    unsigned users, databases, addresses;
    bool at_least; /* more than can be told apart */
};

void logins_refused(struct logins *l, uint64_t at_ns, const struct event_login_refused *r);
/* Of the last LOGINS_WINDOW_NS. */
struct logins_sum logins_sum(const struct logins *l, uint64_t now_ns);

#endif
