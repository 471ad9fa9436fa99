/* SPDX-License-Identifier: Apache-2.0 */
#include "export/announce.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/iso_time.h"
#include "export/member.h"

static const char *const names[ANNOUNCE_CHANGE_COUNT] = {
    "nothing", "opened", "reopened", "worse", "fixing", "recovered", "closed"};

const char *
announce_change_name(enum announce_change change)
{
    return names[change];
}

enum announce_change
announce_change_of(const char *name)
{
    for (unsigned i = 0; name != NULL && i < ANNOUNCE_CHANGE_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            return (enum announce_change)i;
        }
    }
    return ANNOUNCE_NOTHING;
}

static int64_t
seconds_of(const char *time)
{
    return (int64_t)(iso_time_read(time) / NS_PER_S);
}

static int64_t
quiet_until(const json_t *incident)
{
    if (json_is_null(json_object_get(incident, "announced_at"))) {
        return INT64_MAX;
    }
    return seconds_of(member_text(incident, "muted_until"));
}

int
announce_facts_of(const json_t *incident, struct announce_facts *ret_facts)
{
    const char *state = member_text(incident, "state");
    enum announce_change change =
        strcmp(state, "open") == 0 ? ANNOUNCE_OPENED : announce_change_of(state);
    if (change == ANNOUNCE_NOTHING || change == ANNOUNCE_REOPENED || change == ANNOUNCE_WORSE) {
        return -EBADMSG;
    }
    *ret_facts = (struct announce_facts){
        .state = change,
        .opened_s = seconds_of(member_text(incident, "opened_at")),
        .change_ms = json_number_value(json_object_get(incident, "measured_change_ms")),
        .has_cause = json_array_size(json_object_get(incident, "causes")) > 0,
        .quiet_until_s = quiet_until(incident),
    };
    return 0;
}

bool
announce_is_over(const struct announce_facts *f)
{
    return f->state >= ANNOUNCE_RECOVERED;
}

static enum announce_change
due_while_open(const struct announce_facts *f, const struct announced *told, int64_t now_s,
               int64_t *ret_later_s)
{
    if (told->change == ANNOUNCE_NOTHING) {
        if (f->has_cause || now_s >= f->opened_s + ANNOUNCE_PATIENCE_S) {
            return ANNOUNCE_OPENED;
        }
        *ret_later_s = f->opened_s + ANNOUNCE_PATIENCE_S;
        return ANNOUNCE_NOTHING;
    }
    if (told->change > ANNOUNCE_WORSE) {
        return ANNOUNCE_REOPENED;
    }
    if (told->change_ms <= 0 || f->change_ms < ANNOUNCE_WORSE_TIMES * told->change_ms) {
        return ANNOUNCE_NOTHING;
    }
    if (now_s >= told->at_s + ANNOUNCE_WORSE_AFTER_S) {
        return ANNOUNCE_WORSE;
    }
    *ret_later_s = told->at_s + ANNOUNCE_WORSE_AFTER_S;
    return ANNOUNCE_NOTHING;
}

bool
announce_is_past(const struct announce_facts *f, const struct announced *told, int64_t now_s)
{
    return announce_is_over(f) && told->change == ANNOUNCE_NOTHING && now_s < f->quiet_until_s;
}

enum announce_change
announce_due(const struct announce_facts *f, const struct announced *told, int64_t now_s,
             int64_t *ret_later_s)
{
    bool ends = announce_is_over(f) && told->change != ANNOUNCE_NOTHING;
    *ret_later_s = 0;
    if (now_s < f->quiet_until_s && !ends) {
        *ret_later_s = f->quiet_until_s == INT64_MAX ? 0 : f->quiet_until_s;
        return ANNOUNCE_NOTHING;
    }
    if (f->state == ANNOUNCE_OPENED) {
        return due_while_open(f, told, now_s, ret_later_s);
    }
    return told->change < f->state ? f->state : ANNOUNCE_NOTHING;
}
