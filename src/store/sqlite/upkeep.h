/* SPDX-License-Identifier: Apache-2.0
 * store/sqlite/upkeep.h - when which step of retain.h and totals.h is taken, each in a transaction
 * of its own, so that the writer is never away from its records for long.
 *
 * Bounded work a call. The writer's thread. Returns SQLITE_DONE or an error code. */
#ifndef STORE_SQLITE_UPKEEP_H
#define STORE_SQLITE_UPKEEP_H

#include "store/sqlite/db.h"

/* Rolls up, and lets go of what is too old or, above 9/10 of size_max, too much. */
MUST_CHECK int upkeep_retain(struct db *db, uint64_t now_s, uint64_t size_max);
/* One row of totals a minute, one hour of parts an hour, one day turned a day; many of them only
 * after a start. */
MUST_CHECK int upkeep_catch_up(struct db *db, uint64_t now_s);
/* The oldest goes until a quarter is free, as far as that succeeds. */
void upkeep_make_room(struct db *db, uint64_t size_max);

#endif
