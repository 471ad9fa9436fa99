/* SPDX-License-Identifier: Apache-2.0 */
#include "export/figures.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "export/member.h"

struct writer {
    figures_cb *cb;
    void *ctx;
};

static void
give(const struct writer *w, const char *name, bool is_counter, const char *help, double value,
     const char *process)
{
    struct figure f = {.help = help, .is_counter = is_counter, .value = value, .process = process};
    snprintf(f.name, sizeof(f.name), "%s", name);
    w->cb(w->ctx, &f);
}

static void
give_judged(const struct writer *w, const json_t *metrics)
{
    static const struct {
        const char *key, *name, *help;
    } gauges[] = {
        {"database_load", "slowburn_database_load",
         "average number of queries in progress over the last minute"},
        {"incidents_open", "slowburn_incidents_open", "incidents that are open or fixing"},
        {"incidents_quiet", "slowburn_incidents_quiet",
         "incidents that are open beside these: muted, or so young that they may pass by "
         "themselves"},
    };
    for (size_t i = 0; i < ARRAY_LEN(gauges); i++) {
        give(w, gauges[i].name, false, gauges[i].help, member_number(metrics, gauges[i].key), NULL);
    }
}

/* The workers' counters, by their table. */
static void
give_proxy(const struct writer *w, const json_t *proxy)
{
    static const struct {
        const char *name, *help;
    } counters[] = {
#define COUNTER(name, doc) {#name, doc},
#include "model/counter.tbl"
#undef COUNTER
    };
    char name[128];
    for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
        size_t len = strlen(counters[i].name);
        bool now = len > 4 && strcmp(counters[i].name + len - 4, "_now") == 0;
        snprintf(name, sizeof(name), "slowburn_proxy_%.*s%s", (int)(now ? len - 4 : len),
                 counters[i].name, now ? "" : "_total");
        give(w, name, !now, counters[i].help, member_number(proxy, counters[i].name), NULL);
    }
    give(w, "slowburn_queries_in_flight", false, "queries that wait for their reply now",
         member_number(proxy, "queries_in_flight"), NULL);
}

/* What slowburn itself lost, folded, or had to restart. */
static void
give_losses(const struct writer *w, const json_t *status)
{
    static const struct {
        const char *section, *key, *name, *help;
    } losses[] = {
        {"analyzer", "records_missing", "slowburn_records_missing_total",
         "event records that the analyzer did not get"},
        {"analyzer", "items_dropped", "slowburn_items_dropped_total",
         "items dropped because the judge was behind"},
        {"analyzer", "traces_folded", "slowburn_traces_folded_total",
         "traces folded into sums because the judge was behind"},
        {"linked", "traces_partial", "slowburn_traces_partial_total",
         "traces that may lack queries"},
        {"store", "dropped", "slowburn_store_dropped_total", "records that the store did not take"},
    };
    for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
        give(w, losses[i].name, true, losses[i].help,
             member_number(json_object_get(status, losses[i].section), losses[i].key), NULL);
    }
    const char *process;
    const json_t *facts;
    const json_t *supervisor = json_object_get(status, "supervisor");
    json_object_foreach(json_object_get(supervisor, "children"), process, facts)
    {
        if (json_is_object(facts) && json_object_get(facts, "restarts") != NULL) {
            give(w, "slowburn_process_restarts_total", true,
                 "times that a process of slowburn was started again",
                 member_number(facts, "restarts"), process);
        }
    }
}

void
figures_each(const json_t *metrics, const json_t *status, figures_cb *cb, void *ctx)
{
    const struct writer w = {cb, ctx};
    give_judged(&w, metrics);
    give_proxy(&w, json_object_get(status, "proxy"));
    give_losses(&w, status);
}
