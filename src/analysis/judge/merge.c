/* SPDX-License-Identifier: Apache-2.0
 *
 * Two open incidents that turn out to be one: what the younger one is about is among what the older
 * one is, by the reasons that were found, or it found none and only waits because of the older. It
 * is closed, with the other's number in it, and its route is one of those that the other concerns;
 * what is normal stays as it was, since the trouble lasts. */
#include <stdio.h>

#include "analysis/judge/state.h"
#include "base/clock.h"

#define SETTLE_NS                                                                                  \
    (30 * NS_PER_S) /* so old is the younger one at least: it may find a reason yet                \
                     */

static bool
is_reason(const struct finding *f)
{
    return !finding_is_generic(f->kind);
}

static bool
is_victim(const struct incident *inc, const struct incident *other)
{
    for (unsigned i = 0; i < inc->victim_count; i++) {
        if (strcmp(inc->victim[i].subject, other->subject) == 0) {
            return true;
        }
    }
    return false;
}

/* Whatever the younger one is about, the older one is about it, too. */
static bool
is_part(const struct incident *older, const struct incident *younger)
{
    unsigned reasons = 0, shared = 0;
    for (unsigned i = 0; i < younger->cause_count; i++) {
        const struct finding *f = &younger->cause[i].finding;
        reasons += is_reason(f) ? 1 : 0;
        shared += is_reason(f) && incident_has_same(older, f) ? 1 : 0;
    }
    if (reasons > 0) {
        return shared == reasons;
    }
    return incident_has_reason(older) && is_victim(older, younger);
}

static bool
may_merge(const struct judge *j, const struct incident *older, const struct incident *younger)
{
    bool differ = older->of_answers || younger->of_answers;
    return older->state == INCIDENT_OPEN && younger->state == INCIDENT_OPEN && !differ &&
           j->now_ns >= younger->opened_ns + SETTLE_NS && is_part(older, younger);
}

/* It began with the younger one, and with what that was tied to. */
static void
take_onset(struct incident *older, const struct incident *younger)
{
    incident_began(older, (struct onset){.from_ns = younger->onset_from_ns,
                                         .at_ns = younger->onset_ns,
                                         .to_ns = younger->onset_to_ns});
    if (younger->has_deploy) {
        older->has_deploy = true;
        older->deploy_marked = younger->deploy_marked;
        older->deploy_ns = younger->deploy_ns;
        older->deploy_chance = younger->deploy_chance;
        older->deploy_overlap = younger->deploy_overlap;
        memcpy(older->deploy_name, younger->deploy_name, sizeof(older->deploy_name));
    }
}

static void
merge(struct judge *j, struct incident *older, struct incident *younger)
{
    char text[256];
    snprintf(text, sizeof(text), "is part of incident %u (%.150s)", older->id, older->subject);
    incident_note(younger, j->now_ns, "merged", text);
    judge_tell_of(j, younger, "incident-merged", text);
    younger->state = INCIDENT_CLOSED;
    younger->closed_ns = j->now_ns;
    younger->merged_into = older->id;
    snprintf(text, sizeof(text), "incident %u (%.150s) is part of it", younger->id,
             younger->subject);
    incident_note(older, j->now_ns, "merged", text);
    if (older->episode.id == 0 && younger->episode.id != 0) {
        bool opened = older->episode.opened;
        older->episode = younger->episode;
        older->episode.opened = opened;
    }
    if (younger->onset_ns < older->onset_ns) {
        take_onset(older, younger);
    }
    judge_publish(j, younger);
    judge_publish(j, older);
}

void
judge_merge(struct judge *j)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = i + 1; k < n; k++) {
            if (may_merge(j, active[i], active[k])) {
                merge(j, active[i], active[k]);
            }
        }
    }
}
