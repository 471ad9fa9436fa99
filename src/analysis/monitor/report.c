/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "analysis/monitor/monitor_state.h"
#include "model/json_text.h"

static json_t *
cause_json(const struct episode_cause *c)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:f}", "kind", finding_kind_name(c->kind), "evidence",
                     finding_evidence_name(c->evidence), "subject",
                     json_text(slice_from_str(c->subject)), "detail", c->detail, "demand_ms_per_s",
                     c->demand_ms);
}

static json_t *
known(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *
traffic_json(const struct traffic_share *t)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "calls_per_min", known(t->per_min),
                     "calls_per_min_before", known(t->per_min_before), "share", known(t->share),
                     "share_before", known(t->share_before));
}

static void
put_change(json_t *o, double before_ms, double now_ms, double error_ms)
{
    json_object_set_new(o, "before_ms", known(before_ms));
    json_object_set_new(o, "now_ms", known(now_ms));
    json_object_set_new(o, "change_ms", known(now_ms - before_ms));
    json_object_set_new(o, "change_error_ms", known(error_ms));
}

static json_t *
breakdown_json(const struct breakdown *b)
{
    json_t *list = json_array();
    json_t *o = json_pack("{s:o}", "route", json_text(slice_from_str(b->route)));
    put_change(o, b->before_ms, b->now_ms, b->change_error_ms);
    for (unsigned i = 0; i < b->line_count; i++) {
        const struct breakdown_line *l = &b->line[i];
        json_t *line = json_pack("{s:o}", "subject", json_text(slice_from_str(l->subject)));
        put_change(line, l->before_ms, l->now_ms, l->change_error_ms);
        json_array_append_new(list, line);
    }
    json_object_set_new(o, "changes", list);
    json_object_set_new(o, "others_ms", known(b->others_ms));
    json_object_set_new(o, "outside_ms", known(b->outside_ms));
    json_object_set_new(o, "outside_error_ms", known(b->outside_error_ms));
    return o;
}

static json_t *
episode_json(const struct episode *e)
{
    json_t *o =
        json_pack("{s:i, s:s, s:o, s:s, s:b, s:I, s:I, s:[I, I]}", "id", (int)e->id, "state",
                  episode_state_name(e->state), "subject", json_text(slice_from_str(e->subject)),
                  "lane", lane_name(e->lane), "learning", e->learning, "opened_s",
                  (json_int_t)e->opened_s, "onset_s", (json_int_t)e->onset_s, "onset_between_s",
                  (json_int_t)e->onset_from_s, (json_int_t)e->onset_to_s);
    json_t *causes = json_array(), *members = json_array();
    json_object_set_new(o, "over_s",
                        e->over_s == 0 ? json_null() : json_integer((json_int_t)e->over_s));
    json_object_set_new(o, "before", json_real(isfinite(e->before) ? e->before : 0));
    json_object_set_new(o, "now", json_real(isfinite(e->now) ? e->now : 0));
    json_object_set_new(o, "traffic", traffic_json(&e->traffic));
    json_object_set_new(o, "breakdown",
                        e->breakdown.route[0] == '\0' ? json_null()
                                                      : breakdown_json(&e->breakdown));
    json_object_set_new(o, "explained", known(e->breakdown.explained));
    json_object_set_new(o, "cannot_tell", json_boolean(breakdown_cannot_tell(&e->breakdown)));
    if (e->deploy[0] != '\0') {
        json_object_set_new(o, "deploy",
                            json_pack("{s:o, s:I, s:o}", "name",
                                      json_text(slice_from_str(e->deploy)), "at_s",
                                      (json_int_t)e->deploy_s, "chance",
                                      e->chance < 0 ? json_null() : json_real(e->chance)));
    }
    for (unsigned i = 0; i < e->cause_count; i++) {
        json_array_append_new(causes, cause_json(&e->cause[i]));
    }
    for (unsigned i = 0; e->state == EPISODE_OPEN && i < e->member_count; i++) {
        char name[512];
        struct slice text = slice_from_str(track_name(e->member[i], name, sizeof(name)));
        json_array_append_new(members, json_text(text));
    }
    bool has_trend = e->trend != EPISODE_TREND_UNKNOWN;
    json_object_set_new(o, "trend",
                        has_trend ? json_string(episode_trend_name(e->trend)) : json_null());
    json_object_set_new(o, "causes", causes);
    json_object_set_new(o, "members", members);
    json_object_set_new(o, "member_count", json_integer(e->member_count));
    return o;
}

json_t *
monitor_json(const struct monitor *m)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    struct monitor_totals t = monitor_totals(m);
    json_t *list = json_array();
    for (unsigned i = 0; i < m->episode_count; i++) {
        json_array_append_new(list, episode_json(m->episode[i]));
    }
    return json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:I}}",
                     "incidents", list, "totals", "windows", (json_int_t)t.readings, "late",
                     (json_int_t)t.late, "incidents", (json_int_t)t.opened, "steps",
                     (json_int_t)t.steps, "steps_with_a_surge", (json_int_t)t.frozen, "series",
                     (int)t.tracks, "series_learning", (int)t.learning, "series_evicted",
                     (json_int_t)t.evicted, "series_followed", (json_int_t)t.followed, "blips",
                     (json_int_t)t.blips, "refused", (json_int_t)t.refused);
}
