/* SPDX-License-Identifier: Apache-2.0 */
#include "export/prometheus.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/metrics.h"
#include "export/figures.h"
#include "export/member.h"

struct writer {
    struct buf *b;
    enum prometheus_format format;
};

/* Within "...": backslash, quote and line end are escaped. */
static void
put_value(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"') {
            (void)buf_append_byte(b, '\\');
        }
        if (*text == '\n') {
            (void)buf_append_str(b, "\\n");
        } else {
            (void)buf_append_byte(b, (uint8_t)*text);
        }
    }
}

static void
put_label(struct buf *b, const char *name, const char *value)
{
    (void)buf_printf(b, "%s%s=\"", b->len > 0 && b->data[b->len - 1] == '{' ? "" : ",", name);
    put_value(b, value);
    (void)buf_append_str(b, "\"");
}

/* type: counter, gauge or histogram. A counter's family has no _total in OpenMetrics. */
static void
put_family(const struct writer *w, const char *name, const char *type, const char *unit,
           const char *help)
{
    char family[128];
    size_t len = strlen(name);
    bool cut = w->format == PROMETHEUS_OPENMETRICS && strcmp(type, "counter") == 0 && len > 6;
    snprintf(family, sizeof(family), "%.*s", (int)(cut ? len - 6 : len), name);
    (void)buf_printf(w->b, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
    if (w->format == PROMETHEUS_OPENMETRICS && unit[0] != '\0') {
        (void)buf_printf(w->b, "# UNIT %s %s\n", family, unit);
    }
}

typedef void labels_fn(struct buf *b, const json_t *row);

static void
request_labels(struct buf *b, const json_t *row)
{
    const char *method = member_text(row, "method");
    put_label(b, "http_request_method", method[0] == '\0' ? "_OTHER" : method);
    put_label(b, member_is_route_given(row) ? "http_route" : "slowburn_route_guess",
              member_text(row, "route"));
}

static void
operation_labels(struct buf *b, const json_t *row)
{
    put_label(b, "db_system_name", "postgresql");
    put_label(b, "db_namespace", member_text(row, "namespace"));
    put_label(b, "db_query_summary", member_text(row, "summary"));
}

static void
put_histogram(const struct writer *w, const char *name, const json_t *row, labels_fn *labels,
              const double *bounds, size_t bound_count)
{
    const json_t *buckets = json_object_get(row, "buckets");
    char bound[32];
    for (size_t i = 0; i < bound_count; i++) {
        /* OpenMetrics wants a float that cannot be taken for an integer. */
        bool whole = bounds[i] == floor(bounds[i]) && w->format == PROMETHEUS_OPENMETRICS;
        snprintf(bound, sizeof(bound), whole ? "%.1f" : "%g", bounds[i]);
        (void)buf_printf(w->b, "%s_bucket{", name);
        labels(w->b, row);
        put_label(w->b, "le", bound);
        (void)buf_printf(w->b, "} %lld\n",
                         (long long)json_integer_value(json_array_get(buckets, i)));
    }
    (void)buf_printf(w->b, "%s_bucket{", name);
    labels(w->b, row);
    (void)buf_printf(w->b, ",le=\"+Inf\"} %.0f\n%s_sum{", member_number(row, "count"), name);
    labels(w->b, row);
    (void)buf_printf(w->b, "} %.15g\n%s_count{", member_number(row, "sum_s"), name);
    labels(w->b, row);
    (void)buf_printf(w->b, "} %.0f\n", member_number(row, "count"));
}

static void
put_rows(const struct writer *w, const json_t *rows, const char *histogram, const char *help,
         const char *failed, const char *failed_help, labels_fn *labels, const double *bounds,
         size_t bound_count)
{
    size_t i;
    const json_t *row;
    put_family(w, histogram, "histogram", "seconds", help);
    json_array_foreach(rows, i, row)
    {
        put_histogram(w, histogram, row, labels, bounds, bound_count);
    }
    put_family(w, failed, "counter", "", failed_help);
    json_array_foreach(rows, i, row)
    {
        (void)buf_printf(w->b, "%s{", failed);
        labels(w->b, row);
        (void)buf_printf(w->b, "} %.0f\n", member_number(row, "failed"));
    }
}

struct figures {
    const struct writer *w;
    char family[128]; /* the last one */
};

static void
put_figure(void *ctx, const struct figure *f)
{
    struct figures *figures = ctx;
    const struct writer *w = figures->w;
    if (strcmp(figures->family, f->name) != 0) {
        put_family(w, f->name, f->is_counter ? "counter" : "gauge", "", f->help);
        snprintf(figures->family, sizeof(figures->family), "%s", f->name);
    }
    (void)buf_append_str(w->b, f->name);
    if (f->process != NULL) {
        (void)buf_append_str(w->b, "{");
        put_label(w->b, "process", f->process);
        (void)buf_append_str(w->b, "}");
    }
    (void)buf_printf(w->b, " %.15g\n", f->value);
}

static void
objective_labels(struct buf *b, const json_t *objective)
{
    put_label(b, "objective", member_text(objective, "name"));
    put_label(b, "indicator", member_text(objective, "indicator"));
}

/* At most OBJECTIVES_MAX times two indicators, six windows each. */
static void
put_objectives(const struct writer *w, const json_t *objectives)
{
    size_t i;
    const json_t *o, *rate;
    const char *window;
    if (json_array_size(objectives) == 0) {
        return;
    }
    put_family(w, "slowburn_objective_budget_remaining_ratio", "gauge", "ratio",
               "share of the bad requests that may be which is left; below 0: overdrawn");
    json_array_foreach(objectives, i, o)
    {
        (void)buf_append_str(w->b, "slowburn_objective_budget_remaining_ratio{");
        objective_labels(w->b, o);
        (void)buf_printf(w->b, "} %.9g\n", member_number(o, "budget_left"));
    }
    put_family(w, "slowburn_objective_burn_rate", "gauge", "",
               "share of bad requests over the share that may be bad, over the window");
    json_array_foreach(objectives, i, o)
    {
        json_object_foreach(json_object_get(o, "burn_rate"), window, rate)
        {
            (void)buf_append_str(w->b, "slowburn_objective_burn_rate{");
            objective_labels(w->b, o);
            put_label(w->b, "window", window);
            (void)buf_printf(w->b, "} %.9g\n", json_number_value(rate));
        }
    }
}

int
prometheus_write(const json_t *metrics, const json_t *status, enum prometheus_format format,
                 struct buf *b)
{
    const struct writer w = {b, format};
    put_rows(&w, json_object_get(metrics, "requests"), "http_server_request_duration_seconds",
             "duration of HTTP requests, from their first to the last byte of their response",
             "slowburn_http_requests_failed_total",
             "HTTP requests that failed: a 5xx, or the client gave up", request_labels,
             metrics_request_bounds, ARRAY_LEN(metrics_request_bounds));
    put_rows(&w, json_object_get(metrics, "operations"), "db_client_operation_duration_seconds",
             "duration of database queries with all their round trips, as seen on the wire",
             "slowburn_db_operations_failed_total", "database queries that ended in an error",
             operation_labels, metrics_operation_bounds, ARRAY_LEN(metrics_operation_bounds));
    struct figures figures = {.w = &w};
    figures_each(metrics, status, put_figure, &figures);
    put_objectives(&w, json_object_get(metrics, "objectives"));
    put_family(&w, "slowburn_build_info", "gauge", "", "the version that runs; always 1");
    (void)buf_printf(b, "slowburn_build_info{version=\"%s\"} 1\n", SLOWBURN_VERSION);
    if (format == PROMETHEUS_OPENMETRICS) {
        (void)buf_append_str(b, "# EOF\n");
    }
    return buf_overflowed(b) ? -E2BIG : 0;
}
