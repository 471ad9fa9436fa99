/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/logins.h"

#include "base/hash.h"

static bool
is_recent(const struct logins_one *x, uint64_t now_ns)
{
    return x->last_ns + LOGINS_WINDOW_NS >= now_ns;
}

void
logins_refused(struct logins *l, uint64_t at_ns, const struct event_login_refused *r)
{
    struct logins_one like = {.user = r->user, .database = r->database, .last_ns = at_ns};
    like.address = hash_bytes(slice_of(r->client_ip, sizeof(r->client_ip)));
    struct logins_one *to = &l->one[0];
    for (unsigned i = 0; i < l->count; i++) {
        struct logins_one *x = &l->one[i];
        if (x->user == like.user && x->database == like.database && x->address == like.address) {
            x->refused = is_recent(x, at_ns) ? x->refused + 1 : 1;
            x->last_ns = at_ns;
            return;
        }
        to = x->last_ns < to->last_ns ? x : to;
    }
    to = l->count < LOGINS_MAX ? &l->one[l->count++] : to;
    *to = like;
    to->refused = 1;
}

struct logins_sum
logins_sum(const struct logins *l, uint64_t now_ns)
{
    struct logins_sum sum = {0};
    unsigned recent = 0;
    for (unsigned i = 0; i < l->count; i++) {
        const struct logins_one *x = &l->one[i];
        bool user = true, database = true, address = true;
        if (!is_recent(x, now_ns)) {
            continue;
        }
        for (unsigned k = 0; k < i; k++) {
            const struct logins_one *y = &l->one[k];
            bool counts = is_recent(y, now_ns);
            user = user && !(counts && y->user == x->user);
            database = database && !(counts && y->database == x->database);
            address = address && !(counts && y->address == x->address);
        }
        recent++;
        sum.refused += x->refused;
        sum.users += user;
        sum.databases += database;
        sum.addresses += address;
    }
    sum.at_least = recent == LOGINS_MAX;
    return sum;
}
