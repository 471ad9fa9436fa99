/* SPDX-License-Identifier: Apache-2.0
 * app/configure.h - each process's part of the configuration, as the payload of a CONFIGURE.
 *
 * doc/internals/processes.md has the keys. The caller frees the text. Any thread. */
#ifndef APP_CONFIGURE_H
#define APP_CONFIGURE_H

#include "app/config.h"
#include "base/hash.h"

/* whole: with listeners, key, workers and rings; otherwise only what may change while it runs. */
char *configure_proxy(const struct config *c, const uint8_t key[HASH_KEY_LEN], bool whole);
char *configure_analyzer(const struct config *c, const char *data);
char *configure_advisor(const struct config *c);

/* "workers", with 0 replaced by half the number of processors, 1 to 16. */
unsigned configure_workers(const struct config *c);

#endif
