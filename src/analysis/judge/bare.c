/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of an incident that no requests are known of: a statement without a route, or one
 * route too many. What changed is what the monitor knows of its mean call, as one line; what helps
 * is to undo the deploy, where there was one. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "analysis/incident/account.h"
#include "analysis/judge/state.h"

static bool
normal_of(const struct judge *j, const struct incident *inc, struct monitor_normal *ret)
{
    const struct monitor *m = j->long_term.monitor;
    char print[20];
    if (inc->episode.fingerprint == 0) {
        return monitor_normal(m, slice_from_str(inc->subject), SLICE_NONE, ret);
    }
    snprintf(print, sizeof(print), "%016" PRIx64, inc->episode.fingerprint);
    return monitor_normal(m, SLICE_NONE, slice_from_str(print), ret);
}

static void
put_change(struct incident *inc, const struct monitor_normal *normal)
{
    struct incident_change *c = &inc->change[0];
    struct jackknife before = {.variance = pow(normal->spread * normal->before_ms, 2)};
    double error = jackknife_error(before, (struct jackknife){0});
    *c = (struct incident_change){.fingerprint = inc->episode.fingerprint,
                                  .calls_before = 1,
                                  .calls_now = 1,
                                  .per_call_before_ms = normal->before_ms,
                                  .per_call_now_ms = normal->now_ms,
                                  .before_ms = normal->before_ms,
                                  .now_ms = normal->now_ms,
                                  .change_ms = normal->now_ms - normal->before_ms,
                                  .before_error_ms = error,
                                  .now_error_ms = NAN,
                                  .change_error_ms = error};
    bool is_slower = c->change_ms >= 0;
    snprintf(c->kind, sizeof(c->kind), "%s", is_slower ? "slower" : "faster");
    snprintf(c->what, sizeof(c->what), "%.95s, %.1f → %.1f ms a call", inc->subject, c->before_ms,
             c->now_ms);
    inc->change_count = 1;
    inc->measured_before_ms = c->before_ms;
    inc->measured_before_error_ms = error;
    inc->measured_now_ms = c->now_ms;
    inc->measured_change_error_ms = error;
    inc->unexplained_ms = 0;
    inc->unexplained_error_ms = 0;
    inc->explained = inc->cause_count > 0 ? 1 : 0;
}

static void
put_roll_back(struct incident *inc)
{
    inc->action_count = inc->has_deploy ? 1 : 0;
    if (!inc->has_deploy) {
        return;
    }
    struct incident_action *a = &inc->action[0];
    *a = (struct incident_action){.id = "0",
                                  .kind = ACTION_ROLL_BACK,
                                  .saving_alone_ms = inc->change[0].change_ms,
                                  .saving_alone_error_ms = inc->change[0].change_error_ms};
    snprintf(a->text, sizeof(a->text), "roll back %.120s", inc->deploy_name);
}

void
judge_follow_bare(struct judge *j, struct incident *inc)
{
    struct monitor_normal normal;
    snprintf(inc->trend, sizeof(inc->trend), "%s",
             inc->episode.trend[0] == '\0' ? "steady" : inc->episode.trend);
    inc->updated_ns = j->now_ns;
    inc->dirty = true;
    if (account_is_of_latency(inc) && normal_of(j, inc, &normal)) {
        put_change(inc, &normal);
        put_roll_back(inc);
    }
}
