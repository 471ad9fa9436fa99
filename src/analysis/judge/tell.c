/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of an incident, and when. A change that nobody deployed and that has no cause which
 * a person must remove mostly passes by itself: it is recorded at once, and announced when it has
 * lasted. What is muted is recorded and not announced. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "analysis/report/incident.h"
#include "base/clock.h"
#include "base/iso_time.h"

#define BLIP_NS    (3 * 60 * NS_PER_S) /* what may pass by itself is announced after so long */
#define MUTES_NAME "mutes"

void
judge_tell(const struct judge *j, const char *event, const char *text)
{
    if (j->out.log != NULL) {
        j->out.log(j->out.ctx, event, text);
    }
}

/* By its number or its route. */
static uint64_t
subject_muted_until(const struct judge *j, uint32_t id, const char *route)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", id);
    uint64_t until = mutes_until(&j->mutes, "incident", number);
    return MAX(until, mutes_until(&j->mutes, "route", route));
}

/* Or because each of its causes is a statement that is. */
uint64_t
judge_muted_until(const struct judge *j, const struct incident *inc)
{
    char hex[17];
    uint64_t causes = inc->cause_count == 0 ? 0 : UINT64_MAX;
    if (j->mutes.count == 0 || inc->state == INCIDENT_CLOSED) {
        return 0;
    }
    for (unsigned i = 0; i < inc->cause_count; i++) {
        snprintf(hex, sizeof(hex), "%016" PRIx64, inc->cause[i].finding.fingerprint);
        uint64_t until = mutes_until(&j->mutes, "fingerprint", hex);
        causes = MIN(causes, until);
    }
    uint64_t until = subject_muted_until(j, inc->id, inc->subject);
    return MAX(until, causes);
}

bool
judge_is_quiet(const struct judge *j, const struct incident *inc)
{
    return inc->announced_ns == 0 || judge_muted_until(j, inc) != 0;
}

void
judge_tell_of(const struct judge *j, const struct incident *inc, const char *event,
              const char *text)
{
    if (!judge_is_quiet(j, inc)) {
        judge_tell(j, event, text);
    }
}

void
judge_announce(struct judge *j, struct incident *inc)
{
    bool lasts = inc->calm_ns == 0 && j->now_ns >= inc->onset_ns + BLIP_NS;
    bool is_due = lasts || !incident_may_pass(inc);
    if (inc->announced_ns != 0 || !is_due || judge_muted_until(j, inc) != 0) {
        return;
    }
    inc->announced_ns = j->now_ns;
    inc->dirty = true;
    for (unsigned i = 0; i < inc->timeline_count; i++) {
        const struct incident_entry *e = &inc->timeline[i];
        if (strcmp(e->kind, "opened") == 0) {
            judge_tell(j, "incident-opened", e->text);
        } else if (strcmp(e->kind, "finding") == 0) {
            judge_tell(j, e->kind, e->text);
        }
    }
}

static void
put_muted(json_t *o, uint64_t until_wall_ns)
{
    char text[ISO_TIME_SIZE];
    iso_time_write(until_wall_ns, text);
    json_object_set_new(o, "muted_until", until_wall_ns == 0 ? json_null() : json_string(text));
}

json_t *
judge_incident_json(const struct judge *j, const struct incident *inc)
{
    json_t *o = report_incident(inc, &j->statements, &j->clock, judge_cores(j));
    put_muted(o, judge_muted_until(j, inc));
    return o;
}

json_t *
judge_archived_json(const struct judge *j, const json_t *doc)
{
    json_t *o = json_copy((json_t *)doc);
    const char *state = json_string_value(json_object_get(doc, "state"));
    const char *route = json_string_value(json_object_get(doc, "subject"));
    bool is_closed = state != NULL && strcmp(state, "closed") == 0;
    uint32_t id = (uint32_t)json_integer_value(json_object_get(doc, "id"));
    put_muted(o, is_closed ? 0 : subject_muted_until(j, id, route == NULL ? "" : route));
    return o;
}

json_t *
judge_mutes_json(const struct judge *j)
{
    char since[ISO_TIME_SIZE], until[ISO_TIME_SIZE];
    json_t *list = json_array();
    for (unsigned i = 0; i < j->mutes.count; i++) {
        const struct mute *m = &j->mutes.mute[i];
        const char *blank = strchr(m->subject, ' ');
        iso_time_write(m->since_wall_ns, since);
        iso_time_write(m->until_wall_ns, until);
        if (blank != NULL) {
            size_t len = (size_t)(blank - m->subject);
            json_array_append_new(list,
                                  json_pack("{s:s%, s:s, s:s, s:s}", "kind", m->subject, len,
                                            "subject", blank + 1, "since", since, "until", until));
        }
    }
    return list;
}

void
judge_mutes_changed(struct judge *j)
{
    json_t *saved = mutes_save(&j->mutes);
    char *text = json_dumps(saved, JSON_COMPACT);
    json_decref(saved);
    if (text != NULL) {
        struct stored record = {.kind = STORED_STATE,
                                .state = {SLICE_LIT(MUTES_NAME), slice_from_str(text)}};
        judge_give(j, &record);
        free(text);
    }
    if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
}

void
judge_expire_mutes(struct judge *j)
{
    if (mutes_expire(&j->mutes, judge_wall(j, j->now_ns))) {
        judge_mutes_changed(j);
    }
}

bool
judge_restore_mutes(struct judge *j, const struct stored_state *in)
{
    if (!slice_eq(in->name, SLICE_LIT(MUTES_NAME))) {
        return false;
    }
    json_t *saved = json_loadb((const char *)in->blob.ptr, in->blob.len, 0, NULL);
    mutes_load(&j->mutes, saved, judge_wall(j, j->now_ns));
    json_decref(saved);
    return true;
}
