/* SPDX-License-Identifier: Apache-2.0
 * app/upgrade_record.h - how the last upgrade went: DATA/upgrade.json.
 *
 * Written by the supervisor at each step, replaced at once (written beside and renamed), so that
 * `slowburn upgrade` can follow it although every process but the proxy changes meanwhile, and so
 * that it is known after a crash. Blocking file calls; not for a loop that carries traffic. */
#ifndef APP_UPGRADE_RECORD_H
#define APP_UPGRADE_RECORD_H

#include <jansson.h>
#include <time.h>

#include "base/check.h"

#define UPGRADE_TIME_MAX 40

struct upgrade_record {
    uint64_t id;      /* 1, 2, ... of this data directory; 0: there was none */
    char state[16];   /* trying, starting, proving, renewing; then done or failed */
    char from[32];    /* versions */
    char to[32];      /* "": not known yet */
    char reason[512]; /* why it failed; or what is left to know */
    char at[UPGRADE_TIME_MAX];
};

/* Unreadable is the same as none. */
struct upgrade_record upgrade_record_read(const char *data);
/* Stamps the time. 0 or -errno. */
MUST_CHECK int upgrade_record_write(const char *data, struct upgrade_record *r);
struct upgrade_record upgrade_record_of(const json_t *o);
json_t *upgrade_record_json(const struct upgrade_record *r);

/* done or failed. */
bool upgrade_record_is_over(const struct upgrade_record *r);

/* "2024-05-01 13:05:09" of local time into a buffer of UPGRADE_TIME_MAX bytes. */
void upgrade_record_time(time_t at, char *text);

#endif
