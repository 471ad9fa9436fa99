/* SPDX-License-Identifier: Apache-2.0
 * The part of otlp_encode.h that is about metrics: the same figures as /metrics has. */
#include <stdio.h>
#include <string.h>

#include "analysis/report/metrics.h"
#include "export/figures.h"
#include "export/member.h"
#include "export/otlp_attribute.h"
#include "export/otlp_encode.h"

enum metric_field {
    METRIC_NAME = 1,
    METRIC_DESCRIPTION = 2,
    METRIC_UNIT = 3,
    METRIC_GAUGE = 5,
    METRIC_SUM = 7,
    METRIC_HISTOGRAM = 9,
};

#define TEMPORALITY_CUMULATIVE 2
#define POINT_ATTRIBUTES       7 /* of a number */
#define HISTOGRAM_ATTRIBUTES   9

struct writer {
    struct buf *b;
    uint64_t now_ns;
    unsigned count;
};

static void
put_request_attributes(struct buf *b, unsigned field, const json_t *row)
{
    const char *method = member_text(row, "method");
    otlp_attribute_string(b, field, "http.request.method", method[0] == '\0' ? "_OTHER" : method);
    otlp_attribute_string(b, field,
                          member_is_route_given(row) ? "http.route" : "slowburn.route.guess",
                          member_text(row, "route"));
}

static void
put_operation_attributes(struct buf *b, unsigned field, const json_t *row)
{
    otlp_attribute_string(b, field, "db.system.name", "postgresql");
    otlp_attribute_string(b, field, "db.namespace", member_text(row, "namespace"));
    otlp_attribute_string(b, field, "db.query.summary", member_text(row, "summary"));
}

typedef void attributes_fn(struct buf *b, unsigned field, const json_t *row);

struct family {
    const char *duration, *duration_help;
    const char *failed, *failed_help, *failed_unit;
    attributes_fn *attributes;
    const double *bounds;
    size_t bound_count;
};

static size_t
open_metric(struct buf *b, const char *name, const char *help, const char *unit)
{
    size_t at = protobuf_open(b, 2); /* ScopeMetrics.metrics */
    protobuf_string(b, METRIC_NAME, name);
    protobuf_string(b, METRIC_DESCRIPTION, help);
    protobuf_string(b, METRIC_UNIT, unit);
    return at;
}

/* Ours are cumulative, OTLP's are of each bucket alone. */
static void
put_histogram_point(const struct writer *w, const struct family *f, const json_t *row)
{
    struct buf *b = w->b;
    const json_t *buckets = json_object_get(row, "buckets");
    uint64_t total = (uint64_t)json_integer_value(json_object_get(row, "count")), below = 0;
    size_t at = protobuf_open(b, 1);
    protobuf_fixed64(b, 3, w->now_ns);
    protobuf_fixed64(b, 4, total);
    protobuf_double(b, 5, json_number_value(json_object_get(row, "sum_s")));
    size_t counts = protobuf_open(b, 6);
    for (size_t i = 0; i < f->bound_count; i++) {
        uint64_t up_to = (uint64_t)json_integer_value(json_array_get(buckets, i));
        up_to = MIN(MAX(up_to, below), total);
        protobuf_packed_fixed64(b, up_to - below);
        below = up_to;
    }
    protobuf_packed_fixed64(b, total - below);
    protobuf_close(b, counts);
    size_t bounds = protobuf_open(b, 7);
    for (size_t i = 0; i < f->bound_count; i++) {
        protobuf_packed_double(b, f->bounds[i]);
    }
    protobuf_close(b, bounds);
    f->attributes(b, HISTOGRAM_ATTRIBUTES, row);
    protobuf_close(b, at);
}

static void
put_family(struct writer *w, const struct family *f, const json_t *rows)
{
    struct buf *b = w->b;
    size_t i;
    const json_t *row;
    if (json_array_size(rows) == 0) {
        return;
    }
    size_t metric = open_metric(b, f->duration, f->duration_help, "s");
    size_t data = protobuf_open(b, METRIC_HISTOGRAM);
    json_array_foreach(rows, i, row)
    {
        put_histogram_point(w, f, row);
    }
    protobuf_varint(b, 2, TEMPORALITY_CUMULATIVE);
    protobuf_close(b, data);
    protobuf_close(b, metric);
    metric = open_metric(b, f->failed, f->failed_help, f->failed_unit);
    data = protobuf_open(b, METRIC_SUM);
    json_array_foreach(rows, i, row)
    {
        size_t point = protobuf_open(b, 1);
        protobuf_fixed64(b, 3, w->now_ns);
        protobuf_double(b, 4, json_number_value(json_object_get(row, "failed")));
        f->attributes(b, POINT_ATTRIBUTES, row);
        protobuf_close(b, point);
    }
    protobuf_varint(b, 2, TEMPORALITY_CUMULATIVE);
    protobuf_varint(b, 3, 1);
    protobuf_close(b, data);
    protobuf_close(b, metric);
    w->count += 2 * (unsigned)json_array_size(rows);
}

/* slowburn_proxy_queries_total -> slowburn.proxy_queries: the name that becomes the former again
 * where Prometheus takes it in. */
static void
put_figure(void *ctx, const struct figure *f)
{
    struct writer *w = ctx;
    char name[sizeof(f->name)];
    static const char total[] = "_total", prefix[] = "slowburn_";
    size_t len = strlen(f->name), cut = f->is_counter ? sizeof(total) - 1 : 0;
    snprintf(name, sizeof(name), "%.*s", (int)(len - cut), f->name);
    name[sizeof(prefix) - 2] = '.';
    size_t metric = open_metric(w->b, name, f->help, "1");
    size_t data = protobuf_open(w->b, f->is_counter ? METRIC_SUM : METRIC_GAUGE);
    size_t point = protobuf_open(w->b, 1);
    protobuf_fixed64(w->b, 3, w->now_ns);
    protobuf_double(w->b, 4, f->value);
    otlp_attribute_string(w->b, POINT_ATTRIBUTES, "process", f->process);
    protobuf_close(w->b, point);
    if (f->is_counter) {
        protobuf_varint(w->b, 2, TEMPORALITY_CUMULATIVE);
        protobuf_varint(w->b, 3, 1);
    }
    protobuf_close(w->b, data);
    protobuf_close(w->b, metric);
    w->count++;
}

unsigned
otlp_encode_metrics(const json_t *metrics, const json_t *status, uint64_t now_wall_ns,
                    struct buf *b)
{
    static const struct family requests = {
        "http.server.request.duration",
        "duration of HTTP requests",
        "slowburn.http_requests_failed",
        "HTTP requests that failed: a 5xx, or the client gave up",
        "{request}",
        put_request_attributes,
        metrics_request_bounds,
        ARRAY_LEN(metrics_request_bounds)};
    static const struct family operations = {"db.client.operation.duration",
                                             "duration of database queries, as seen on the wire",
                                             "slowburn.db_operations_failed",
                                             "database queries that ended in an error",
                                             "{query}",
                                             put_operation_attributes,
                                             metrics_operation_bounds,
                                             ARRAY_LEN(metrics_operation_bounds)};
    struct writer w = {.b = b, .now_ns = now_wall_ns};
    put_family(&w, &requests, json_object_get(metrics, "requests"));
    put_family(&w, &operations, json_object_get(metrics, "operations"));
    figures_each(metrics, status, put_figure, &w);
    return w.count;
}
