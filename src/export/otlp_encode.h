/* SPDX-License-Identifier: Apache-2.0
 * export/otlp_encode.h - OTLP's messages: spans of a trace, metrics, and log records, with
 * OpenTelemetry's semantic conventions for HTTP servers and database clients.
 *
 * Items are appended to a buffer one behind the other, each as the field that it is within its
 * request; otlp_encode_request wraps such a run of them. What has no name in the conventions begins
 * with slowburn. A route that was guessed is never http.route, a statement is its normalized text,
 * and its summary is what it does and to which table. Pure. */
#ifndef EXPORT_OTLP_ENCODE_H
#define EXPORT_OTLP_ENCODE_H

#include <jansson.h>

#include "base/buf.h"

enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_LOGS, OTLP_SIGNAL_COUNT };

/* "traces", "metrics", "logs": the end of the path, too. */
const char *otlp_signal_name(enum otlp_signal signal);

/* How many items were appended. With a buffer that overflowed nothing of it is of use. */

/* trace: the judge's document of a kept one. servers: ["host:port", ...], by a row's upstream. */
unsigned otlp_encode_trace(const json_t *trace, uint64_t start_wall_ns, const json_t *servers,
                           struct buf *b);

/* metrics: the judge's document; status: the status document. The sums are since a time that nobody
 * knows: no start is given. */
unsigned otlp_encode_metrics(const json_t *metrics, const json_t *status, uint64_t now_wall_ns,
                             struct buf *b);

/* An entry of an incident's timeline. */
unsigned otlp_encode_log(uint32_t incident, const char *kind, struct slice text,
                         uint64_t at_wall_ns, uint64_t now_wall_ns, struct buf *b);

struct otlp_resource {
    const char *service;  /* service.name */
    const char *instance; /* service.instance.id */
};

/* The request of that signal, with all items. 0 or -E2BIG. */
MUST_CHECK int otlp_encode_request(const struct otlp_resource *resource, struct slice items,
                                   struct buf *ret_request);

/* Of the answer to a request that was taken: how many items were refused all the same. */
uint64_t otlp_rejected(struct slice response);

#endif
