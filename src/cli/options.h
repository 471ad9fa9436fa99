/* SPDX-License-Identifier: Apache-2.0
 * cli/options.h - the options that verbs share, parsed with getopt_long.
 *
 * Strings are borrowed from argv and the environment. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

#include "base/check.h"
#include "model/stored.h"

struct options {
    const char *data;                        /* --data DIR; NULL: not given */
    const char *admin;                       /* --admin HOST:PORT; NULL: not given */
    const char *sort;                        /* --sort KEY */
    const char *route;                       /* --route TEXT */
    const char *fingerprint;                 /* --fingerprint HEX */
    unsigned seconds;                        /* --for DURATION; 0: not given */
    unsigned limit;                          /* --limit N; 0: all */
    unsigned length;                         /* --len SECONDS; 0: not given */
    const char *affects[DEPLOY_AFFECTS_MAX]; /* each --affects NAME */
    unsigned affects_count;
    bool slow;
    bool once;
    bool json;
    const char *const *words; /* what is left */
    unsigned word_count;
};

/* Parses argv[1..]; refuses options outside `allowed` ("json", "sort", "limit", "route", "slow",
 * "once", "fingerprint", "for", "len", "affects" besides data and admin, comma-separated) and word
 * counts outside the bounds, with a message on stderr. 0 or CLI_USAGE. */
MUST_CHECK int options_parse(int argc, char **argv, const char *allowed, unsigned words_min,
                             unsigned words_max, struct options *ret_options);

/* An incident's number, as a positive decimal; 0 and a message on stderr when it is not one. */
unsigned long options_incident_id(const char *verb, const char *word);

#endif
