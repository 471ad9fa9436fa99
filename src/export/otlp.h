/* SPDX-License-Identifier: Apache-2.0
 * export/otlp.h - pushes spans, metrics and log records to an OpenTelemetry collector: OTLP over
 * HTTP, protobuf, gzip.
 *
 *   otlp_trace, otlp_metrics, otlp_log ──> a buffer for each signal ──> one thread ──> post ──> URL
 *
 * What is put is encoded at once, and sent OTLP_BATCH_S later at the latest. A buffer holds
 * OTLP_WAITING_MAX bytes; what finds it full is dropped and counted. Metrics are cumulative: newer
 * ones take the place of those that wait. A batch that could not be sent is tried again with
 * growing waits as long as OTLP says that it is worth it (retry.h), while new items wait; another
 * answer is final, and its items are dropped and counted, as are those that the receiver says it
 * did not take (partial success). All of it is in memory: what waits, and a batch on its way, is
 * lost with a process that is killed, and is never sent twice (a webhook is: webhook.h). All calls
 * from any thread; they take a short lock and encode. */
#ifndef EXPORT_OTLP_H
#define EXPORT_OTLP_H

#include "base/diag.h"
#include "export/otlp_encode.h"

#define OTLP_BATCH_S     2
#define OTLP_BATCH_BYTES (512u * 1024)
#define OTLP_WAITING_MAX (4u * 1024 * 1024)
#define OTLP_END_S       2 /* for the last try, at the end */

struct otlp_config {
    const char *url; /* http://host:4318; /v1/traces and so on are added */
    const char
        *headers_file; /* "Name: value" lines, read for each request; closed to others; "": none */
    const char *ca_file; /* "": the system's */
    struct otlp_resource resource;
    const json_t *servers; /* ["host:port", ...], by upstream; borrowed until otlp_free */
    /* For tests, 0: how long a second of its waits is, and the last try at the end. */
    uint64_t second_ns;
    uint64_t end_ns;
};

struct otlp_totals {
    uint64_t sent;    /* items that were taken */
    uint64_t failed;  /* tries that did not succeed */
    uint64_t dropped; /* items that were refused for good, or found no room */
    uint64_t queued;  /* items that wait, or are on their way */
};

struct otlp;

/* 0 or -ENOMEM. */
MUST_CHECK int otlp_new(const struct otlp_config *config, struct otlp **ret_otlp);

void otlp_trace(struct otlp *o, uint64_t start_wall_ns, struct slice json);
/* Documents as JSON text; either may be empty. */
void otlp_metrics(struct otlp *o, uint64_t wall_ns, struct slice metrics, struct slice status);
void otlp_log(struct otlp *o, uint32_t incident, const char *kind, struct slice text,
              uint64_t at_wall_ns, uint64_t wall_ns);

struct otlp_totals otlp_totals(struct otlp *o, enum otlp_signal signal);
/* Why the last try failed; "": it did not. */
void otlp_error(struct otlp *o, char ret_text[128]);

/* One more try for what waits, OTLP_END_S at most. */
void otlp_free(struct otlp **otlp);

#endif
