/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/setup.h - how long setting up a connection takes: from a session's being accepted
 * to its first query, so with connecting, TLS and logging in.
 *
 * Remembers when the last SETUP_SESSIONS sessions began, in fixed memory; one that was crowded out
 * has no figure. Pure; belongs to the judge. */
#ifndef ANALYSIS_SERIES_SETUP_H
#define ANALYSIS_SERIES_SETUP_H

#include <stdint.h>

#define SETUP_SESSIONS 1024u

struct setup {
    struct {
        uint64_t session, start_ns;
    } begun[SETUP_SESSIONS];
};

void setup_begins(struct setup *s, uint64_t session, uint64_t start_ns);

/* Of a session's first query. < 0: not known. */
double setup_ms(const struct setup *s, uint64_t session, uint64_t query_start_ns);

#endif
