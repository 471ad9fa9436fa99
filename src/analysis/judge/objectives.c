/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user promises of routes. The monitor counts; here it is told when a promise is broken
 * too fast, or is kept again, and written into the incident that it is about. */
#include <stdio.h>

#include "analysis/judge/state.h"

/* The one that is about its route; of a promise about all requests, one that is, or the oldest. One
 * of time is not broken by what makes nothing slower. */
static struct incident *
incident_of(const struct judge *j, const struct monitor_objective *o)
{
    struct incident *active[JUDGE_ACTIVE_MAX], *oldest = NULL;
    const char *route = o->setting->route;
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        struct incident *inc = active[i];
        if (o->indicator == INDICATOR_LATENCY && !incident_may_slow_others(inc)) {
            continue;
        }
        if (route[0] == '\0' ? inc->is_whole : incident_concerns(inc, route)) {
            return inc;
        }
        oldest = oldest == NULL ? inc : oldest;
    }
    return route[0] == '\0' ? oldest : NULL;
}

/* objective "checkout" (availability): 15.2 times as many bad requests as may be, over 1 h and
 * 5 min; 82 % of what may be bad in 30 days is left */
static void
describe(const struct monitor_objective *o, char dst[256])
{
    char rate[96];
    bool burns = o->rule < OBJECTIVE_RULES_COUNT;
    snprintf(rate, sizeof(rate), "%.1f times as many bad requests as may be, over %s",
             burns ? o->burn[o->rule][0] : 0, burns ? objective_rules[o->rule].text : "");
    snprintf(dst, 256,
             "objective \"%.60s\" (%s): %s; %.0f %% of what may be bad in %u days is left",
             o->setting->name, indicator_name(o->indicator), burns ? rate : "it is kept again",
             100 * o->budget, o->setting->days);
}

static void
tell(struct judge *j, const struct monitor_objective *o)
{
    char text[256];
    const char *event = o->rule < OBJECTIVE_RULES_COUNT ? "objective-broken" : "objective-kept";
    struct incident *inc = incident_of(j, o);
    describe(o, text);
    if (inc == NULL) {
        judge_tell(j, event, text);
        return;
    }
    incident_note(inc, j->now_ns, "objective", text);
    judge_tell_of(j, inc, event, text);
    judge_publish(j, inc);
}

void
judge_objectives_turn(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    for (unsigned i = 0; i < monitor_objective_count(m); i++) {
        struct monitor_objective o = monitor_objective(m, i);
        unsigned was = j->long_term.rule[i];
        j->long_term.rule[i] = o.rule;
        if (o.rule < was || (o.rule == OBJECTIVE_RULES_COUNT && was != o.rule)) {
            tell(j, &o); /* a slower one that holds on is no news */
        }
    }
}

void
judge_objectives_again(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    for (unsigned i = 0; i < monitor_objective_count(m); i++) {
        j->long_term.rule[i] = monitor_objective(m, i).rule;
    }
}

json_t *
judge_objectives_json(const struct judge *j)
{
    static const char *const windows[OBJECTIVE_RULES_COUNT][2] = {
        {"1h", "5m"}, {"6h", "30m"}, {"3d", "6h"}};
    const struct monitor *m = j->long_term.monitor;
    json_t *list = json_array();
    for (unsigned i = 0; i < monitor_objective_count(m); i++) {
        struct monitor_objective o = monitor_objective(m, i);
        json_t *burn = json_object(), *doc = json_object();
        for (unsigned k = 0; k < OBJECTIVE_RULES_COUNT; k++) {
            json_object_set_new(burn, windows[k][0], json_real(o.burn[k][0]));
            json_object_set_new(burn, windows[k][1], json_real(o.burn[k][1]));
        }
        json_object_set_new(doc, "name", json_string(o.setting->name));
        json_object_set_new(doc, "route", json_string(o.setting->route));
        json_object_set_new(doc, "indicator", json_string(indicator_name(o.indicator)));
        json_object_set_new(doc, "target", json_real(1 - o.allowed));
        if (o.indicator == INDICATOR_LATENCY) {
            json_object_set_new(doc, "latency_ms", json_real(o.setting->latency_ms));
        }
        json_object_set_new(doc, "days", json_integer(o.setting->days));
        json_object_set_new(doc, "budget_left", json_real(o.budget));
        json_object_set_new(doc, "burn_rate", burn);
        json_object_set_new(doc, "broken_over",
                            o.rule < OBJECTIVE_RULES_COUNT
                                ? json_string(objective_rules[o.rule].text)
                                : json_null());
        json_array_append_new(list, doc);
    }
    return list;
}
