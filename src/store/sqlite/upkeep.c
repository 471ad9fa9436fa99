/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/upkeep.h"

#include "base/clock.h"
#include "io/now.h"
#include "store/sqlite/part_hours.h"
#include "store/sqlite/retain.h"
#include "store/sqlite/totals.h"

#define STEPS_MAX   64                /* of one kind and turn */
#define CATCH_UP_NS (200 * NS_PER_MS) /* of each turn at most */

enum retain_step {
    RETAIN_TOTALS,
    RETAIN_TURN_DAY,
    RETAIN_PART_HOURS,
    RETAIN_ROLL_UP,
    RETAIN_BY_AGE,
    RETAIN_BY_SIZE,
};

/* Runs one step in a transaction of its own. */
static int
in_transaction(struct db *db, uint64_t now_s, enum retain_step step, uint64_t size_target,
               bool *ret_more)
{
    int r = db_run(db, "BEGIN IMMEDIATE");
    if (r != SQLITE_DONE) {
        return r;
    }
    switch (step) {
    case RETAIN_TOTALS:
        r = totals_step(db, now_s, ret_more);
        break;
    case RETAIN_TURN_DAY:
        r = retain_turn_day(db, now_s, ret_more);
        break;
    case RETAIN_PART_HOURS:
        r = part_hours_step(db, ret_more);
        break;
    case RETAIN_ROLL_UP:
        r = retain_roll_up(db, now_s, ret_more);
        break;
    case RETAIN_BY_AGE:
        r = retain_by_age(db, now_s);
        break;
    default:
        r = retain_by_size(db, size_target, ret_more);
        break;
    }
    if (r == SQLITE_DONE) {
        r = db_run(db, "COMMIT");
    }
    if (r != SQLITE_DONE && !sqlite3_get_autocommit(db->sql)) {
        (void)db_run(db, "ROLLBACK");
    }
    return r;
}

int
upkeep_retain(struct db *db, uint64_t now_s, uint64_t size_max)
{
    int r = SQLITE_DONE;
    for (enum retain_step step = RETAIN_ROLL_UP; step <= RETAIN_BY_SIZE && r == SQLITE_DONE;
         step++) {
        bool more = true;
        for (int i = 0; i < STEPS_MAX && more && r == SQLITE_DONE; i++) {
            more = false;
            r = in_transaction(db, now_s, step, size_max / 10 * 9, &more);
        }
    }
    return r;
}

/* One such step after the other, for this long: at least one. */
static int
take_steps(struct db *db, uint64_t now_s, enum retain_step step, uint64_t for_ns)
{
    uint64_t until = now_monotonic_ns() + for_ns;
    int r = SQLITE_DONE;
    bool more;
    do {
        more = false;
        r = in_transaction(db, now_s, step, 0, &more);
    } while (more && r == SQLITE_DONE && now_monotonic_ns() < until);
    return r;
}

/* What stands elsewhere only to be found quickly stays as it is where there is no room, and is as
 * right. */
static int
take_steps_with_room(struct db *db, uint64_t now_s, enum retain_step step, uint64_t for_ns)
{
    int r = take_steps(db, now_s, step, for_ns);
    return (r & 0xff) == SQLITE_FULL ? SQLITE_DONE : r;
}

int
upkeep_catch_up(struct db *db, uint64_t now_s)
{
    int r = take_steps(db, now_s, RETAIN_TOTALS, CATCH_UP_NS);
    if (r == SQLITE_DONE) {
        r = take_steps_with_room(db, now_s, RETAIN_PART_HOURS, CATCH_UP_NS);
    }
    return r == SQLITE_DONE ? take_steps_with_room(db, now_s, RETAIN_TURN_DAY, 0) : r;
}

void
upkeep_make_room(struct db *db, uint64_t size_max)
{
    bool more = true;
    for (int i = 0; i < STEPS_MAX && more; i++) {
        more = false;
        if (in_transaction(db, 0, RETAIN_BY_SIZE, size_max / 4 * 3, &more) != SQLITE_DONE) {
            return;
        }
    }
}
