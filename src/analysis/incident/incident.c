/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/incident.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *
incident_state_name(enum incident_state state)
{
    static const char *const name[] = {"open", "fixing", "recovered", "closed"};
    return name[state];
}

const char *
incident_overlap_name(enum incident_overlap overlap)
{
    static const char *const name[] = {"time", "affects", "new-statement", "answers"};
    return name[overlap];
}

const char *
incident_action_kind_name(enum action_kind kind)
{
    static const char *const name[] = {"roll-back", "create-index", "eager-load", "cache"};
    return name[kind];
}

const char *
incident_action_state_name(enum action_state state)
{
    static const char *const name[] = {"proposed", "landed", "measured"};
    return name[state];
}

struct incident *
incident_new_bare(uint32_t id, const char *subject, uint64_t onset_ns, uint64_t now_ns)
{
    struct incident *inc = check_alloc(1, sizeof(*inc));
    inc->id = id;
    slice_to_str(slice_from_str(subject), inc->subject, sizeof(inc->subject));
    inc->onset_ns = inc->onset_from_ns = inc->onset_to_ns = onset_ns;
    inc->opened_ns = now_ns;
    inc->updated_ns = now_ns;
    inc->full_in_s = -1;
    inc->explained = NAN;
    inc->measured_before_error_ms = inc->measured_now_error_ms = NAN;
    inc->measured_change_error_ms = inc->unexplained_error_ms = NAN;
    inc->saving_together_error_ms = NAN;
    inc->deploy_chance = -1;
    snprintf(inc->trend, sizeof(inc->trend), "steady");
    inc->dirty = true;
    return inc;
}

struct incident *
incident_new(uint32_t id, const struct shift_route *r, uint64_t onset_ns, uint64_t now_ns)
{
    struct incident *inc = incident_new_bare(id, r->watch->text, onset_ns, now_ns);
    inc->watch = r->watch;
    stats_copy(&inc->before, &r->before);
    inc->now = r->now;
    inc->opened_own_ms = r->own_ms;
    return inc;
}

void
incident_began(struct incident *inc, struct onset onset)
{
    inc->onset_ns = onset.at_ns;
    inc->onset_from_ns = onset.from_ns;
    inc->onset_to_ns = onset.to_ns;
}

bool
incident_is_active(const struct incident *inc)
{
    return inc->state == INCIDENT_OPEN || inc->state == INCIDENT_FIXING;
}

bool
incident_is_held(const struct incident *inc)
{
    bool is_episode = inc->episode.opened && !inc->episode.over && inc->state == INCIDENT_OPEN;
    return is_episode || inc->answers_differ;
}

bool
incident_is_small(const struct incident *inc)
{
    return (inc->episode.opened || inc->of_answers) && !inc->is_whole;
}

void
incident_move(struct incident *inc, const struct shift_route *r)
{
    inc->watch = r->watch;
    slice_to_str(slice_from_str(r->watch->text), inc->subject, sizeof(inc->subject));
    stats_copy(&inc->before, &r->before);
    inc->now = r->now;
    inc->opened_own_ms = r->own_ms;
    inc->change_count = inc->cause_count = inc->action_count = inc->together_count = 0;
    inc->victim_count = inc->ruled_out_count = 0;
    memset(inc->example_trace, 0, sizeof(inc->example_trace));
    inc->saving_together_ms = 0;
    inc->calm_ns = 0;
    inc->dirty = true;
}

bool
incident_may_slow_others(const struct incident *inc)
{
    return !inc->of_answers && !(inc->episode.opened && inc->episode.apart);
}

bool
incident_concerns(const struct incident *inc, const char *route)
{
    bool found = strcmp(inc->subject, route) == 0;
    for (unsigned i = 0; i < inc->victim_count && !found; i++) {
        found = strcmp(inc->victim[i].subject, route) == 0;
    }
    return found;
}

bool
incident_blames(const struct incident *inc, uint64_t fingerprint)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        if (inc->cause[i].finding.fingerprint == fingerprint) {
            return true;
        }
    }
    return false;
}

bool
incident_has(const struct incident *inc, enum finding_kind kind)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        if (inc->cause[i].finding.kind == kind) {
            return true;
        }
    }
    return false;
}

static bool
is_one_of(const struct finding *f, const struct finding *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i].kind == f->kind && list[i].fingerprint == f->fingerprint) {
            return true;
        }
    }
    return false;
}

bool
incident_has_reason_beside(const struct incident *inc, const struct finding *theirs, unsigned count)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        if (!finding_is_generic(f->kind) && !is_one_of(f, theirs, count)) {
            return true;
        }
    }
    return false;
}

bool
incident_has_reason(const struct incident *inc)
{
    return incident_has_reason_beside(inc, NULL, 0);
}

bool
incident_may_pass(const struct incident *inc)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        enum finding_kind kind = inc->cause[i].finding.kind;
        if (kind == FINDING_MISSING_INDEX || kind == FINDING_REPEATED_QUERY ||
            kind == FINDING_CACHEABLE || kind == FINDING_MORE_CALLS) {
            return false;
        }
    }
    return !inc->has_deploy;
}

/* What it says of a table is so for all that reads or writes it; else it is about one statement. */
static bool
is_about_table(const struct finding *f, const struct statement_names *names)
{
    if (f->kind == FINDING_REPEATED_QUERY || f->kind == FINDING_CACHEABLE ||
        f->kind == FINDING_MORE_CALLS || f->kind == FINDING_STAMPEDE) {
        return false;
    }
    for (unsigned i = 0; i < names->count; i++) {
        char plain[STATEMENT_NAME_LEN];
        statement_plain_name(names->name[i], plain);
        for (unsigned k = 0; k < f->tables.count; k++) {
            if (strcmp(f->tables.name[k], plain) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* All of their names are among ours. */
static bool
have_all(const struct statement_names *ours, const struct statement_names *theirs)
{
    bool all = true;
    for (unsigned i = 0; i < theirs->count; i++) {
        all = all && statement_names_have(ours, theirs->name[i]);
    }
    return all;
}

bool
incident_has_same(const struct incident *inc, const struct finding *f)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *own = &inc->cause[i].finding;
        bool of_table = f->tables.count > 0 && is_about_table(own, &f->tables) &&
                        have_all(&own->tables, &f->tables) && have_all(&own->columns, &f->columns);
        if (own->kind == f->kind && (own->fingerprint == f->fingerprint || of_table)) {
            return true;
        }
    }
    return false;
}

bool
incident_explains(const struct incident *inc, const struct statement *s)
{
    for (unsigned i = 0; i < inc->change_count; i++) {
        const struct incident_change *c = &inc->change[i];
        bool grew = strcmp(c->kind, "new-query") == 0 || strcmp(c->kind, "more-calls") == 0 ||
                    strcmp(c->kind, "slower") == 0;
        if (grew && c->fingerprint == s->fingerprint) {
            return true;
        }
    }
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        if (f->fingerprint == s->fingerprint || is_about_table(f, &s->reads) ||
            is_about_table(f, &s->writes)) {
            return true;
        }
    }
    return false;
}

void
incident_rule_out(struct incident *inc, const char *test, const char *figure)
{
    struct incident_ruled_out *r = NULL;
    for (unsigned i = 0; i < inc->ruled_out_count; i++) {
        r = strcmp(inc->ruled_out[i].test, test) == 0 ? &inc->ruled_out[i] : r;
    }
    if (figure == NULL) { /* no longer */
        if (r != NULL) {
            size_t after = (size_t)(&inc->ruled_out[inc->ruled_out_count] - (r + 1));
            memmove(r, r + 1, after * sizeof(*r));
            inc->ruled_out_count--;
        }
        return;
    }
    if (r == NULL && inc->ruled_out_count < INCIDENT_RULED_MAX) {
        r = &inc->ruled_out[inc->ruled_out_count++];
    }
    if (r != NULL) {
        snprintf(r->test, sizeof(r->test), "%s", test);
        snprintf(r->figure, sizeof(r->figure), "%s", figure);
    }
}

static unsigned
annotations(const struct incident *inc)
{
    unsigned n = 0;
    for (unsigned i = 0; i < inc->timeline_count; i++) {
        n += strcmp(inc->timeline[i].kind, INCIDENT_ANNOTATION) == 0;
    }
    return n;
}

static void
add_entry(struct incident *inc, uint64_t at_ns, const char *kind, const char *text)
{
    struct incident_entry *e = &inc->timeline[inc->timeline_count++];
    e->at_ns = at_ns;
    snprintf(e->kind, sizeof(e->kind), "%s", kind);
    snprintf(e->text, sizeof(e->text), "%s", text);
    inc->dirty = true;
}

void
incident_note(struct incident *inc, uint64_t at_ns, const char *kind, const char *text)
{
    unsigned left = ANNOTATIONS_MAX - annotations(inc);
    if (inc->timeline_count + left < INCIDENT_TIMELINE_MAX) {
        add_entry(inc, at_ns, kind, text);
    }
}

bool
incident_annotate(struct incident *inc, uint64_t at_ns, const char *text)
{
    if (annotations(inc) >= ANNOTATIONS_MAX) {
        return false;
    }
    add_entry(inc, at_ns, INCIDENT_ANNOTATION, text);
    return true;
}
