/* SPDX-License-Identifier: Apache-2.0
 * app/datadir.h - the data directory: where it is, who has it, and the key that lies in it.
 *
 *   run.lock       held by the supervisor as long as it lives
 *   analyzer.lock  held by the analyzer, which has the store and the admin port
 *   control.sock   the proxy's, where the next supervisor finds it (channel_control_address)
 *   hash.key       16 random bytes, 0600: values are hashed under it
 *
 * Locks are OFD locks: they end with their process however it ends, and asking about one does not
 * take it. Blocking file calls; not for a loop that carries traffic. */
#ifndef APP_DATADIR_H
#define APP_DATADIR_H

#include "base/check.h"
#include "base/diag.h"
#include "base/hash.h"

#define DATADIR_MAX           256
#define DATADIR_RUN_LOCK      "run.lock"
#define DATADIR_ANALYZER_LOCK "analyzer.lock"

/* configured: from the user, or "" for the default place. Makes it (0700) when it is not there.
 * ret_path has DATADIR_MAX bytes. 0 or -errno with a diag. */
MUST_CHECK int datadir_open(const char *configured, struct diag *diag, char *ret_path);

/* The same place, without making it. */
MUST_CHECK int datadir_find(const char *configured, struct diag *diag, char *ret_path);

/* Who holds a lock, by what stands in the file: 0 when nobody does. */
int datadir_holder(const char *path, const char *name);

/* Takes a lock: 0 and a descriptor that holds it until it is closed; -EBUSY with a diag that names
 * the holder's pid; -errno. */
MUST_CHECK int datadir_lock(const char *path, const char *name, struct diag *diag, int *ret_fd);

/* True when another process has it. */
bool datadir_is_locked(const char *path, const char *name);

/* Reads DATA/hash.key, or makes it. */
MUST_CHECK int datadir_hash_key(const char *path, struct diag *diag, uint8_t ret_key[HASH_KEY_LEN]);

#endif
