/* SPDX-License-Identifier: Apache-2.0
 *
 * Logins as a series of each database, so that they are judged as calls are: how many were refused,
 * and in which way. */
#include <stdio.h>

#include "analysis/judge/state.h"

/* One that nobody has ever been let into counts with all such. */
static void
add(struct judge *j, uint32_t database, uint16_t upstream, const struct series_sums *sums)
{
    database = judge_name(j, database)[0] == '\0' ? 0 : database;
    struct series *s = series_get(&j->series, SERIES_LOGINS, NULL, STORED_LOGINS, database);
    series_place(s, upstream);
    judge_count(j, s, sums);
}

void
judge_login(struct judge *j, const struct event_session_open *open)
{
    const struct series_sums sums = {.calls = 1};
    if (open->protocol == PROTOCOL_POSTGRES && !open->reannounced) {
        add(j, open->database, open->upstream, &sums);
    }
}

void
judge_login_refused(struct judge *j, uint64_t at_ns, const struct event_login_refused *r)
{
    struct series_sums sums = {.calls = 1, .errors = 1};
    struct slice sqlstate = slice_of(r->sqlstate, sizeof(r->sqlstate));
    sums.errors_by_class[error_class_of_sqlstate(sqlstate)] = 1;
    add(j, r->database, r->upstream, &sums);
    logins_refused(&j->logins, at_ns, r);
}

static void
put_count(char *dst, size_t size, unsigned n, const char *one, const char *many)
{
    snprintf(dst, size, "%u %s", n, n == 1 ? one : many);
}

const char *
judge_logins_of(const struct judge *j, const struct track *t, char dst[96])
{
    struct logins_sum sum = logins_sum(&j->logins, j->now_ns);
    char users[24], databases[24], addresses[24];
    dst[0] = '\0';
    if (t->fingerprint == NULL || strncmp(t->fingerprint, "logins", 6) != 0 || sum.refused == 0) {
        return dst;
    }
    put_count(users, sizeof(users), sum.users, "user", "users");
    put_count(databases, sizeof(databases), sum.databases, "database", "databases");
    put_count(addresses, sizeof(addresses), sum.addresses, "address", "addresses");
    snprintf(dst, 96, "; of %s%s, to %s, from %s", sum.at_least ? "at least " : "", users,
             databases, addresses);
    return dst;
}
