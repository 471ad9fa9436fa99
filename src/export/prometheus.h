/* SPDX-License-Identifier: Apache-2.0
 * export/prometheus.h - what slowburn knows in Prometheus' text format, or in OpenMetrics.
 *
 * Names, units and buckets are OpenTelemetry's conventions for HTTP servers and database clients in
 * their Prometheus form; what they have no name for begins with slowburn_. Bounded: as many rows as
 * the metrics document has (analysis/report/metrics.h), and slowburn's own counters. No statement's
 * text, no path and no id is a label. Pure. */
#ifndef EXPORT_PROMETHEUS_H
#define EXPORT_PROMETHEUS_H

#include <jansson.h>

#include "base/buf.h"

enum prometheus_format { PROMETHEUS_TEXT, PROMETHEUS_OPENMETRICS };

/* metrics: the judge's metrics document; status: the status document. Either may be NULL.
 * 0 or -E2BIG. */
MUST_CHECK int prometheus_write(const json_t *metrics, const json_t *status,
                                enum prometheus_format format, struct buf *ret_text);

#endif
