/* SPDX-License-Identifier: Apache-2.0
 * export/figures.h - slowburn's own figures that are one number each, from the metrics document and
 * the status: what every exporter of metrics shows. Pure. */
#ifndef EXPORT_FIGURES_H
#define EXPORT_FIGURES_H

#include <jansson.h>
#include <stdbool.h>

struct figure {
    char name[128]; /* as Prometheus writes it: slowburn_..., _total for a counter */
    const char *help;
    bool is_counter; /* else it is a gauge */
    double value;
    const char *process; /* of whose restarts it counts; NULL: it has no label */
};

typedef void figures_cb(void *ctx, const struct figure *figure);

/* Either may be NULL. Those of one name come one after the other. */
void figures_each(const json_t *metrics, const json_t *status, figures_cb *cb, void *ctx);

#endif
