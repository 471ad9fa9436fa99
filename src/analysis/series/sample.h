/* SPDX-License-Identifier: Apache-2.0
 * analysis/series/sample.h - one trace as it is kept for people to look at: its statements in
 * order, and the application's time between them.
 *
 * A statement that the request ran SAMPLE_REPEATS times or more is one row, at the place of its
 * first execution; of any other each execution is a row. At most SAMPLE_ROWS_MAX rows; what goes
 * beyond is summed. The times before and between rows, and after the last, add up to the
 * application's time. Holds no values, only how many different ones there were. One allocation,
 * read-only once made. */
#ifndef ANALYSIS_SERIES_SAMPLE_H
#define ANALYSIS_SERIES_SAMPLE_H

#include "analysis/intake/trace.h"

#define SAMPLE_REPEATS  3u
#define SAMPLE_ROWS_MAX 64u

struct sample_row {
    uint64_t fingerprint;
    uint64_t start_ns; /* of the first execution, from the trace's start, with what prepared it */
    uint64_t end_ns;   /* of the last one */
    uint64_t cost_ns;  /* all round trips of all executions */
    uint64_t app_before_ns;  /* no query in progress: before the first one */
    uint64_t app_between_ns; /* and before the others */
    uint64_t rows;
    uint32_t calls;
    uint32_t distinct; /* different values among them */
    uint32_t errors;
    float probability; /* of the weakest link */
    uint8_t basis;     /* enum link_basis of the weakest link */
    char sqlstate[6];  /* of the first that failed; "": none did */
    uint16_t upstream;
};

struct sample {
    uint8_t trace_id[16];   /* never zero: made up where nobody gave one */
    uint8_t span_id[8];     /* never zero, too */
    uint8_t parent_span[8]; /* zero: none */
    uint64_t start_ns;
    uint64_t end_ns;
    uint64_t app_ns;       /* no query in progress */
    uint64_t app_after_ns; /* of it: after the last query */
    uint64_t query_ns;     /* sum of all costs */
    uint64_t more_ns;      /* of it: of queries without a row */
    uint32_t queries;
    uint32_t more_queries;
    uint32_t unlinked_sessions;
    uint16_t status; /* 0: no request was seen */
    uint8_t method;
    uint8_t basis; /* enum link_basis of the weakest link */
    float probability;
    bool has_failed;
    bool is_told; /* to whoever wants the traces that are kept */
    uint32_t row_count;
    uint32_t size_bytes; /* of the whole allocation */
    struct sample_row row[];
};

struct sample *sample_new(const struct trace *t);
void sample_free(struct sample **sample);

#endif
