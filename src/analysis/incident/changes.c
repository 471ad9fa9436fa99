/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/changes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* changes_list leaves room for the lines that are not a statement's. */
static struct incident_change *
add_change(struct incident *inc, const char *kind, double before_ms, double now_ms)
{
    assert(inc->change_count < INCIDENT_CHANGES_MAX);
    struct incident_change *c = &inc->change[inc->change_count++];
    memset(c, 0, sizeof(*c));
    snprintf(c->kind, sizeof(c->kind), "%s", kind);
    c->before_ms = before_ms;
    c->now_ms = now_ms;
    c->change_ms = now_ms - before_ms;
    return c;
}

static void
add_part(struct incident *inc, const struct shift_part *p, const char *label)
{
    static const char *const kinds[] = {"other",       "new-query", "gone",   "more-calls",
                                        "fewer-calls", "slower",    "faster", "waiting"};
    struct incident_change *c = add_change(inc, kinds[p->kind], p->before_ms, p->now_ms);
    c->fingerprint = p->fingerprint;
    c->calls_before = p->calls_before;
    c->calls_now = p->calls_now;
    c->per_call_before_ms = p->per_call_before_ms;
    c->per_call_now_ms = p->per_call_now_ms;
    switch (p->kind) {
    case SHIFT_NEW:
        snprintf(c->what, sizeof(c->what), "%.95s, new: %.4g × %.1f ms", label,
                 round(p->calls_now * 10) / 10, p->per_call_now_ms);
        break;
    case SHIFT_GONE:
        snprintf(c->what, sizeof(c->what), "%.95s, gone", label);
        break;
    case SHIFT_MORE:
    case SHIFT_FEWER:
        snprintf(c->what, sizeof(c->what), "%.95s, %.4g → %.4g calls", label,
                 round(p->calls_before * 10) / 10, round(p->calls_now * 10) / 10);
        break;
    default:
        snprintf(c->what, sizeof(c->what), "%.95s, %.1f → %.1f ms a call", label,
                 p->per_call_before_ms, p->per_call_now_ms);
    }
}

static int
change_compare(const void *a, const void *b)
{
    double x = fabs(((const struct incident_change *)a)->change_ms);
    double y = fabs(((const struct incident_change *)b)->change_ms);
    return x > y ? -1 : x < y;
}

bool
changes_only_waits(const struct incident *inc, const struct shift_part *p)
{
    return p->kind == SHIFT_WAITING && !incident_blames(inc, p->fingerprint);
}

void
changes_list(struct incident *inc, const struct shift *s, const struct shift_route *r,
             const struct statement_table *statements)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    unsigned n = shift_parts(s, r, parts);
    double small = MAX(0.3, 0.01 * fabs(r->change_ms));
    double sum = 0, waiting_before = 0, waiting_now = 0;
    double other_before = r->before.other_ms, other_now = r->now.other_ms;
    unsigned others = 0;
    inc->change_count = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct shift_part *p = &parts[i];
        sum += p->change_ms;
        const struct statement *st = statement_get(statements, p->fingerprint);
        bool own_line = fabs(p->change_ms) >= small || incident_blames(inc, p->fingerprint);
        if (changes_only_waits(inc, p)) {
            waiting_before += p->before_ms;
            waiting_now += p->now_ms;
        } else if (own_line && inc->change_count < INCIDENT_CHANGES_MAX - 3) {
            add_part(inc, p, st != NULL ? st->label : "a statement without text");
        } else {
            other_before += p->before_ms;
            other_now += p->now_ms;
            others++;
        }
    }
    qsort(inc->change, inc->change_count, sizeof(inc->change[0]), change_compare);
    struct incident_change *c = NULL;
    if (fabs(waiting_now - waiting_before) >= 0.05) {
        c = add_change(inc, "waiting", waiting_before, waiting_now);
        snprintf(c->what, sizeof(c->what),
                 inc->is_whole ? "queries, all dearer alike" : "waiting behind the load above");
    }
    c = add_change(inc, "application", r->before.app_ms, r->now.app_ms);
    snprintf(c->what, sizeof(c->what), "application");
    sum += c->change_ms;
    if (others > 0 || other_now + other_before > 0) {
        c = add_change(inc, "other", other_before, other_now);
        snprintf(c->what, sizeof(c->what), "other queries (%u)", others);
    }
    sum += r->now.other_ms - r->before.other_ms;
    inc->measured_before_ms = r->before.mean_ms;
    inc->measured_now_ms = r->now.mean_ms;
    inc->unexplained_ms = r->change_ms - sum;
}
