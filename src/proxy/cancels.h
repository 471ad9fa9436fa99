/* SPDX-License-Identifier: Apache-2.0
 * proxy/cancels.h - which server a cancel request is for: from a session's cancel key to the
 * address of its backend, shared by all workers, and by the proxies that live side by side while
 * one follows another.
 *
 *     any worker: cancels_add ──> [ id | address ] ... ──> cancels_find: any worker
 *                                 in a sealed memfd    ──> cancels_find in another proxy
 *
 * A cancel request comes over a connection of its own, to whichever worker accepts it, and an
 * upstream's name may stand for several servers: only the one that gave out the key knows it.
 *
 * Bounded: made for so many keys, half full then; a key that finds none of its CANCELS_PROBES slots
 * free is not taken, which the caller counts. Keys are kept as 64-bit keyed hashes; the server
 * checks the key itself, so that two keys of one hash cost a cancel that is not obeyed.
 *
 * Any thread, without locks. A slot belongs to whoever added it and only he removes it: adding
 * claims a free slot by compare-and-swap, finding reads the address between two looks at the slot's
 * generation and tries again when it has changed. Adding, removing and finding cost some 50 ns;
 * what is not found in the own table is looked for in the others' under a lock. Those are mapped
 * read-only; what a proxy that died has left in its table leads to a server that does not know the
 * key any more. */
#ifndef PROXY_CANCELS_H
#define PROXY_CANCELS_H

#include "base/check.h"
#include "base/hash.h"
#include "io/resolve.h"

#define CANCELS_PROBES 32u
#define CANCELS_NONE   UINT32_MAX

struct cancels;

/* About 144 bytes a slot, touched as they are used. hash_key: random, this process's own. 0 or
 * -errno. */
MUST_CHECK int cancels_new(uint32_t keys_max, struct hash_key hash_key,
                           struct cancels **ret_cancels);
void cancels_free(struct cancels **cancels);

/* To give to another proxy; stays ours. */
int cancels_fd(const struct cancels *c);
/* Another proxy's table, from its descriptor, which stays the caller's; it takes the place of what
 * was there at `place` (its slot, below CHANNEL_PROXIES_MAX). 0, -errno, or -EBADMSG: it is not
 * such a table, or one of another layout. */
MUST_CHECK int cancels_share(struct cancels *c, unsigned place, int fd);

/* key: process id and key, as BackendKeyData and CancelRequest have them. Returns the slot, or
 * CANCELS_NONE when there is no room. */
uint32_t cancels_add(struct cancels *c, struct slice key, const struct resolve_address *address);
/* Nothing for CANCELS_NONE. */
void cancels_remove(struct cancels *c, uint32_t slot);

bool cancels_find(struct cancels *c, struct slice key, struct resolve_address *ret_address);

#endif
