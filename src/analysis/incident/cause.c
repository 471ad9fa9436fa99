/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/cause.h"

#include <stdio.h>
#include <string.h>

#define ROUTE_LEN 250

/* Of what answers look like: one for each route. */
static struct incident_cause *
find_cause(struct incident *inc, enum finding_kind kind, uint64_t fingerprint, const char *route)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        bool is_same = kind != FINDING_INCONSISTENT_RESPONSE ||
                       strncmp(inc->cause[i].route, route, ROUTE_LEN) == 0;
        if (f->kind == kind && f->fingerprint == fingerprint && is_same) {
            return &inc->cause[i];
        }
    }
    return NULL;
}

static void
drop_cause(struct incident *inc, struct incident_cause *c)
{
    size_t after = (size_t)(&inc->cause[inc->cause_count] - (c + 1));
    memmove(c, c + 1, after * sizeof(*c));
    inc->cause_count--;
}

/* A reason makes "it is slower" superfluous; values that are proved to come from rows make "few
 * answers for all" the smaller truth. What answers look like has nothing to do with it. */
static bool
make_room(struct incident *inc, const struct finding *f)
{
    bool proved_repeat = f->kind == FINDING_REPEATED_QUERY && f->evidence == EVIDENCE_PROVED;
    for (unsigned i = inc->cause_count; i-- > 0;) {
        const struct finding *old = &inc->cause[i].finding;
        if (f->kind == FINDING_INCONSISTENT_RESPONSE ||
            old->kind == FINDING_INCONSISTENT_RESPONSE) {
            continue;
        }
        if (old->kind == FINDING_SATURATION && f->kind != old->kind) {
            drop_cause(inc, &inc->cause[i]);
            continue;
        }
        if (old->fingerprint != f->fingerprint || old->kind == f->kind) {
            continue;
        }
        if (finding_is_generic(f->kind)) {
            return false;
        }
        bool old_proved = old->kind == FINDING_REPEATED_QUERY && old->evidence == EVIDENCE_PROVED;
        if (f->kind == FINDING_CACHEABLE && old_proved) {
            return false;
        }
        if (finding_is_generic(old->kind) || (old->kind == FINDING_CACHEABLE && proved_repeat) ||
            (old->kind == FINDING_REPEATED_QUERY && f->kind == FINDING_CACHEABLE)) {
            drop_cause(inc, &inc->cause[i]);
        } else if (old->kind == FINDING_CACHEABLE && f->kind == FINDING_REPEATED_QUERY) {
            return false;
        }
    }
    return true;
}

bool
cause_add(struct incident *inc, const struct finding *f, const char *route,
          const struct statement *s)
{
    if (!make_room(inc, f)) {
        return false;
    }
    struct incident_cause *c = find_cause(inc, f->kind, f->fingerprint, route);
    bool news = c == NULL || f->evidence > c->finding.evidence;
    if (c == NULL) {
        if (inc->cause_count == INCIDENT_CAUSES_MAX) {
            return false;
        }
        c = &inc->cause[inc->cause_count++];
        memset(c, 0, sizeof(*c));
    } else if (f->evidence < c->finding.evidence) {
        return false;
    } else if (f->evidence == c->finding.evidence && strcmp(f->detail, c->finding.detail) == 0) {
        return false;
    }
    bool reworded = strcmp(f->parent_column, c->finding.parent_column) != 0;
    c->finding = *f;
    const char *label = f->label[0] != '\0' ? f->label : s != NULL ? s->label : inc->subject;
    snprintf(c->label, sizeof(c->label), "%.95s", label);
    snprintf(c->route, sizeof(c->route), "%.*s", ROUTE_LEN, route);
    inc->dirty = true;
    return news || reworded;
}
