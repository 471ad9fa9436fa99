/* SPDX-License-Identifier: Apache-2.0
 * export/jsonlog.h - lines of JSON into a file or standard output, written by a thread of its own.
 *
 * jsonlog_put copies a line into a buffer of JSONLOG_BYTES_MAX and returns: a slow disk or a full
 * pipe never holds up who has something to say. A line that finds the buffer full is dropped and
 * counted. A file is made with mode 0600 and appended to; beyond size_max_bytes it is renamed to
 * FILE.1 (what was there goes) and begun anew; after jsonlog_reopen the path is opened again, for
 * logrotate. What cannot be written is counted as dropped and the next lines are tried: a line
 * of which only the beginning found room is followed by the end of a line.
 * jsonlog_put, jsonlog_reopen and jsonlog_totals from any thread. */
#ifndef EXPORT_JSONLOG_H
#define EXPORT_JSONLOG_H

#include "base/diag.h"
#include "base/slice.h"

#define JSONLOG_BYTES_MAX (4u * 1024 * 1024)

struct jsonlog_totals {
    uint64_t lines;   /* written */
    uint64_t dropped; /* no room, or not written */
    uint64_t rotated;
    int error; /* errno of the last write or open; 0: all is well */
};

struct jsonlog;

/* path: "-" is standard output. size_max_bytes: 0 is no limit. 0 or -errno with a diag. */
MUST_CHECK int jsonlog_new(const char *path, uint64_t size_max_bytes, struct diag *diag,
                           struct jsonlog **ret_log);

/* One line, without its end. */
void jsonlog_put(struct jsonlog *log, struct slice line);

void jsonlog_reopen(struct jsonlog *log);

struct jsonlog_totals jsonlog_totals(struct jsonlog *log);

/* Writes what is left, if it can within a second, and stops. */
void jsonlog_free(struct jsonlog **log);

#endif
