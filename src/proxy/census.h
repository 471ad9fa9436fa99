/* SPDX-License-Identifier: Apache-2.0
 * proxy/census.h - how many sessions there are of each listener, client address and user, of all
 * workers together.
 *
 * Always counted, so that a limit that is set while slowburn runs knows of those before it. Keys
 * are 64-bit keyed hashes of whatever is counted (census_key). Bounded: made for so many sessions,
 * each of which counts under at most CENSUS_KEYS keys.
 *
 * Any thread: a mutex, held for one look into a table; twice for each key of a session. */
#ifndef PROXY_CENSUS_H
#define PROXY_CENSUS_H

#include "base/check.h"
#include "base/hash.h"

#define CENSUS_KEYS 3

enum census_of {
    CENSUS_LISTENER,
    CENSUS_ADDRESS,
    CENSUS_USER, /* of one upstream */
};

struct census;

struct census *census_new(uint32_t sessions_max, struct hash_key hash_key);
void census_free(struct census **census);

/* Never 0. scope: what the name belongs to, a listener's or upstream's index. */
uint64_t census_key(const struct census *c, enum census_of of, uint16_t scope, struct slice name);

/* One more. Returns how many there are now, this one included; 0: the table is full and this one
 * is not in it, do not leave. */
uint32_t census_enter(struct census *c, uint64_t key);
void census_leave(struct census *c, uint64_t key);

#endif
