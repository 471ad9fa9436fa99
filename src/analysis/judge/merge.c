/* SPDX-License-Identifier: Apache-2.0
 *
 * Two open incidents that turn out to be one: each reason that was found for the younger one is one
 * of the older one's. It is closed, with the other's number in it. While that one is open its route
 * opens nothing and what is normal for it stays as it was, since the trouble lasts; and where the
 * trouble outlasts that one, its route is found slower than it was again. */
#include <stdio.h>

#include "analysis/judge/state.h"
#include "base/clock.h"

#define LATE_NS (60 * NS_PER_S) /* so much too late a deploy may be marked */
#define SETTLE_NS                                                                                  \
    (30 * NS_PER_S) /* so old is the younger one at least: it may find a reason yet                \
                     */

static bool
is_reason(const struct finding *f)
{
    return !finding_is_generic(f->kind);
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
    return reasons > 0 && shared == reasons;
}

/* The long view keeps them apart. */
static bool
are_two_episodes(const struct incident *a, const struct incident *b)
{
    bool both = a->episode.id != 0 && b->episode.id != 0 && a->episode.id != b->episode.id;
    return both && !a->episode.over && !b->episode.over;
}

static bool
may_merge(const struct judge *j, const struct incident *older, const struct incident *younger)
{
    bool differ = older->of_answers || younger->of_answers;
    return older->state == INCIDENT_OPEN && younger->state == INCIDENT_OPEN && !differ &&
           !are_two_episodes(older, younger) && j->now_ns >= younger->opened_ns + SETTLE_NS &&
           is_part(older, younger);
}

/* It began with the younger one, and with what that was tied to; not with what came later. */
static void
take_onset(struct incident *older, const struct incident *younger)
{
    incident_began(older, (struct onset){.from_ns = younger->onset_from_ns,
                                         .at_ns = younger->onset_ns,
                                         .to_ns = younger->onset_to_ns});
    older->has_deploy = older->has_deploy && older->deploy_ns <= older->onset_to_ns + LATE_NS;
    bool is_better = younger->deploy_marked || !older->has_deploy || !older->deploy_marked;
    if (younger->has_deploy && is_better) {
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
        uint64_t fingerprint = older->episode.fingerprint; /* it stays about what it is about */
        older->episode = younger->episode;
        older->episode.opened = opened;
        older->episode.fingerprint = fingerprint;
        younger->episode.id = 0; /* from now on it is followed there */
    }
    if (younger->onset_ns < older->onset_ns) {
        take_onset(older, younger);
    }
    judge_publish(j, younger);
    judge_publish(j, older);
}

uint32_t
judge_merged_into(const struct judge *j, const struct watch *w)
{
    for (unsigned i = j->incident_count; i-- > 0;) {
        const struct incident *inc = j->incident[i];
        if (inc->merged_into != 0 && strcmp(inc->subject, w->text) == 0) {
            return inc->merged_into;
        }
    }
    return 0;
}

bool
judge_is_merged(const struct judge *j, const struct watch *w)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    uint32_t id = n == 0 ? 0 : judge_merged_into(j, w);
    for (unsigned i = 0; i < n; i++) {
        if (active[i]->id == id) {
            return true;
        }
    }
    return false;
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
