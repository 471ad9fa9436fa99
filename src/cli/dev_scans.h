/* SPDX-License-Identifier: Apache-2.0
 * cli/dev_scans.h - the lines of `slowburn dev` wait here until it is known which of their
 * statements read a large table whole.
 *
 * In the order in which they came, each for DEV_SCANS_WAIT_S at most: a statement's text is known
 * to the daemon a moment after its request, and its plan is asked for once (advisor/scans.h), with
 * a login of its own, past slowburn. Where there is no login, or it does not work, nothing waits.
 * Remembers DEV_SCANS_MAX statements. One thread; dev_scans_look blocks while it plans. */
#ifndef CLI_DEV_SCANS_H
#define CLI_DEV_SCANS_H

#include <jansson.h>

#include "base/check.h"

#define DEV_SCANS_WAIT_S  5.0
#define DEV_SCANS_MAX     4096u
#define DEV_SCANS_WAITING 200u

struct dev_scans {
    char *login;     /* NULL: nobody can tell */
    json_t *known;   /* by fingerprint: {table, rows} of the largest; null: none, or not to be told;
                          false: it is late */
    json_t *waiting; /* [{request, since}] */
};

/* login: taken. */
void dev_scans_init(struct dev_scans *s, char *login);
void dev_scans_fini(struct dev_scans *s);

/* request: a line of the request log; taken. */
void dev_scans_add(struct dev_scans *s, json_t *request, double now_s);

/* Asks the daemon or the store in `data` for texts, and the database for plans, as far as lines
 * wait for them. */
void dev_scans_look(struct dev_scans *s, const char *data);

/* The next line to be printed, the caller's; NULL: none yet. It has `scans`, {table, rows} by
 * fingerprint, as far as they are known. now_s: INFINITY at the end, when nothing is waited for. */
json_t *dev_scans_next(struct dev_scans *s, double now_s);

#endif
