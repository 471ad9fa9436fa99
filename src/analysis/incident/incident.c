/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/incident.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/remedy.h"
#include "base/clock.h"

const char *
incident_state_name(enum incident_state state)
{
    static const char *const name[] = {"open", "fixing", "recovered", "closed"};
    return name[state];
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
    inc->onset_ns = onset_ns;
    inc->opened_ns = now_ns;
    inc->updated_ns = now_ns;
    inc->full_in_s = -1;
    snprintf(inc->trend, sizeof(inc->trend), "steady");
    inc->dirty = true;
    return inc;
}

struct incident *
incident_new(uint32_t id, const struct shift_route *r, uint64_t onset_ns, uint64_t now_ns)
{
    struct incident *inc = incident_new_bare(id, r->watch->text, onset_ns, now_ns);
    inc->watch = r->watch;
    inc->before = r->before;
    inc->now = r->now;
    inc->opened_own_ms = r->own_ms;
    return inc;
}

bool
incident_is_held(const struct incident *inc)
{
    return inc->episode.opened && !inc->episode.over && inc->state == INCIDENT_OPEN;
}

void
incident_move(struct incident *inc, const struct shift_route *r)
{
    inc->watch = r->watch;
    slice_to_str(slice_from_str(r->watch->text), inc->subject, sizeof(inc->subject));
    inc->before = r->before;
    inc->now = r->now;
    inc->opened_own_ms = r->own_ms;
    inc->change_count = inc->cause_count = inc->action_count = inc->together_count = 0;
    inc->victim_count = inc->ruled_out_count = 0;
    memset(inc->example_trace, 0, sizeof(inc->example_trace));
    inc->saving_together_ms = 0;
    inc->calm_ns = 0;
    inc->dirty = true;
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

/* ---- what changed */

static bool
is_cause(const struct incident *inc, uint64_t fingerprint)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        if (inc->cause[i].finding.fingerprint == fingerprint) {
            return true;
        }
    }
    return false;
}

/* list_changes leaves room for the lines that are not a statement's. */
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

static void
list_changes(struct incident *inc, const struct shift *s, const struct shift_route *r,
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
        bool own_line = fabs(p->change_ms) >= small || is_cause(inc, p->fingerprint);
        if (p->kind == SHIFT_WAITING && !is_cause(inc, p->fingerprint)) {
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

bool
incident_concerns(const struct incident *inc, const char *route)
{
    bool found = strcmp(inc->subject, route) == 0;
    for (unsigned i = 0; i < inc->victim_count && !found; i++) {
        found = strcmp(inc->victim[i].subject, route) == 0;
    }
    return found;
}

static bool
is_about_table(const struct finding *f, const struct statement_names *names)
{
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

/* ---- how it goes */

static void
find_trend(struct incident *inc, uint64_t now_ns)
{
    uint64_t half = 45 * NS_PER_S;
    struct stats *late = check_alloc(2, sizeof(*late));
    struct stats *early = late + 1;
    stats_make(&inc->watch->recent, now_ns - MIN(now_ns, half), UINT64_MAX, 0, late);
    stats_make(&inc->watch->recent, MAX(inc->onset_ns, now_ns - MIN(now_ns, 3 * half)),
               now_ns - MIN(now_ns, half), 0, early);
    const char *trend = "steady";
    if (late->n >= 10 && early->n >= 10) {
        double change = late->mean_ms - early->mean_ms;
        double noise = 2 * hypot(late->mean_se_ms, early->mean_se_ms);
        if (change > MAX(noise, 0.05 * early->mean_ms)) {
            trend = "getting worse";
        } else if (-change > MAX(noise, 0.05 * early->mean_ms)) {
            trend = "easing";
        }
    }
    snprintf(inc->trend, sizeof(inc->trend), "%s", trend);
    free(late);
}

static void
foresee_full(struct incident *inc, const struct load *load, unsigned cores, uint64_t now_ns)
{
    uint64_t span = 60 * NS_PER_S;
    inc->full_in_s = -1;
    if (cores == 0 || now_ns < 2 * span) {
        return;
    }
    uint64_t from = MAX(inc->onset_ns, now_ns - 2 * span);
    uint64_t middle = from + (now_ns - from) / 2;
    struct load_rate early = load_between(load, from, middle);
    struct load_rate late = load_between(load, middle, now_ns);
    double seconds = (double)(now_ns - from) / 2e9;
    if (early.seconds < 15 || late.seconds < 15) {
        return;
    }
    double slope = (late.database - early.database) / seconds;
    double room = (double)cores - late.database;
    if (room > 0 && slope > 0.02 * late.database / seconds && room / slope < 7200) {
        inc->full_in_s = room / slope;
    }
}

/* It runs into the same trouble: what the incident explains makes most of its change. */
static bool
is_hit_too(const struct incident *inc, const struct shift *s, const struct shift_route *r,
           const struct statement_table *statements)
{
    struct shift_part parts[SHIFT_PARTS_MAX];
    double explained = 0;
    if (r->before.n < 10 || r->now.n < 10 || r->z <= 3 ||
        r->change_ms <= MAX(1.0, 0.1 * r->before.mean_ms)) {
        return false;
    }
    unsigned n = shift_parts(s, r, parts);
    for (unsigned i = 0; i < n; i++) {
        const struct statement *st = statement_get(statements, parts[i].fingerprint);
        explained += st != NULL && incident_explains(inc, st) ? parts[i].change_ms : 0;
    }
    return explained >= 0.5 * r->change_ms;
}

static void
list_victims(struct incident *inc, struct shift *s, const struct statement_table *statements)
{
    inc->victim_count = 0;
    for (unsigned i = 0; i < s->count && inc->victim_count < INCIDENT_VICTIMS_MAX; i++) {
        const struct shift_route *r = &s->route[i];
        if (r->watch != inc->watch && !r->is_taken &&
            (shift_is_victim(r) || is_hit_too(inc, s, r, statements))) {
            struct incident_victim *v = &inc->victim[inc->victim_count++];
            snprintf(v->subject, sizeof(v->subject), "%.250s", r->watch->text);
            v->change_ms = r->change_ms;
        }
    }
}

/* A trace near the 95th percentile; another one when that has moved away from it. */
static void
pick_example(struct incident *inc)
{
    struct sampler *samples = &inc->watch->samples;
    enum sampler_reason reason;
    double wanted_ns = inc->now.p95_ms * 1e6;
    const struct sample *have = sampler_find(samples, inc->example_trace, &reason);
    double ns = have == NULL ? 0 : (double)(have->end_ns - have->start_ns);
    if (have != NULL && ns > wanted_ns / 2 && ns < wanted_ns * 2) {
        return;
    }
    const struct sample *best = sampler_nearest(samples, inc->onset_ns, (uint64_t)wanted_ns);
    if (best != NULL) {
        memcpy(inc->example_trace, best->trace_id, sizeof(inc->example_trace));
        sampler_pin(samples, best);
    }
}

void
incident_follow(struct incident *inc, struct shift *s, const struct load *load,
                const struct statement_table *statements, unsigned cores, uint64_t now_ns)
{
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (r == NULL || r->now.n < 5) {
        return;
    }
    inc->after = r->now;
    inc->updated_ns = now_ns;
    inc->dirty = true;
    find_trend(inc, now_ns);
    struct load_rate minute = load_between(load, now_ns - MIN(now_ns, 60 * NS_PER_S), now_ns);
    inc->all_per_min = minute.requests_per_s * 60;
    double seconds = (double)(now_ns - r->now.from_ns) / 1e9;
    inc->route_per_min = seconds > 1 ? r->now.n * recent_weight(&inc->watch->recent) / seconds * 60
                                     : inc->route_per_min;
    struct load_rate since = load_between(load, inc->onset_ns, now_ns);
    inc->errors_now = since.errors;
    if (inc->state != INCIDENT_OPEN) {
        return; /* what changed stays as it was before the first fix */
    }
    inc->now = r->now;
    inc->load_now = s->load_now;
    if (s->load_before > 0) {
        inc->load_before = s->load_before;
    }
    foresee_full(inc, load, cores, now_ns);
    list_changes(inc, s, r, statements);
    list_victims(inc, s, statements);
    pick_example(inc);
}

/* ---- why, and what helps */

static struct incident_cause *
find_cause(struct incident *inc, enum finding_kind kind, uint64_t fingerprint)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        if (f->kind == kind && f->fingerprint == fingerprint) {
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

static bool
is_generic(enum finding_kind kind)
{
    return kind == FINDING_SLOWER || kind == FINDING_MORE_CALLS || kind == FINDING_SATURATION;
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

bool
incident_has_reason(const struct incident *inc)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        if (!is_generic(inc->cause[i].finding.kind)) {
            return true;
        }
    }
    return false;
}

/* A reason makes "it is slower" superfluous; values that are proved to come from rows make "few
 * answers for all" the smaller truth. */
static bool
make_room(struct incident *inc, const struct finding *f)
{
    bool proved_repeat = f->kind == FINDING_REPEATED_QUERY && f->evidence == EVIDENCE_PROVED;
    for (unsigned i = inc->cause_count; i-- > 0;) {
        const struct finding *old = &inc->cause[i].finding;
        if (old->kind == FINDING_SATURATION && f->kind != old->kind) {
            drop_cause(inc, &inc->cause[i]);
            continue;
        }
        if (old->fingerprint != f->fingerprint || old->kind == f->kind) {
            continue;
        }
        if (is_generic(f->kind)) {
            return false;
        }
        bool old_proved = old->kind == FINDING_REPEATED_QUERY && old->evidence == EVIDENCE_PROVED;
        if (f->kind == FINDING_CACHEABLE && old_proved) {
            return false;
        }
        if (is_generic(old->kind) || (old->kind == FINDING_CACHEABLE && proved_repeat) ||
            (old->kind == FINDING_REPEATED_QUERY && f->kind == FINDING_CACHEABLE)) {
            drop_cause(inc, &inc->cause[i]);
        } else if (old->kind == FINDING_CACHEABLE && f->kind == FINDING_REPEATED_QUERY) {
            return false;
        }
    }
    return true;
}

bool
incident_add_cause(struct incident *inc, const struct finding *f, const char *route,
                   const struct statement *s)
{
    if (!make_room(inc, f)) {
        return false;
    }
    struct incident_cause *c = find_cause(inc, f->kind, f->fingerprint);
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
    snprintf(c->route, sizeof(c->route), "%.250s", route);
    inc->dirty = true;
    return news || reworded;
}

void
incident_attribution(const struct incident *inc, const struct shift *s, const struct shift_route *r,
                     struct finding *findings, struct attribution_input *in)
{
    for (unsigned i = 0; i < inc->cause_count; i++) {
        findings[i] = inc->cause[i].finding;
    }
    double seconds = r->now.n > 1 ? (double)(r->now.to_ns - r->now.from_ns) / 1e9 : 0;
    *in = (struct attribution_input){
        .now = &r->now,
        .waiting_ms = MAX(r->waiting_ms, 0) + MAX(r->app_waiting_ms, 0),
        .calls_app_ms = MIN(shift_app_from_calls_ms(r), MAX(r->app_change_ms, 0)),
        .app_ratio = s->app_ratio,
        .requests_per_s = seconds > 1 ? r->now.n * recent_weight(&r->watch->recent) / seconds : 0,
        .load_growth = s->load_now - s->load_before,
        .floor_ms = s->floor_ms,
        .finding = findings,
        .finding_count = inc->cause_count,
    };
}

static int
cause_compare(const void *a, const void *b)
{
    double x = ((const struct incident_cause *)a)->saving_ms;
    double y = ((const struct incident_cause *)b)->saving_ms;
    return x > y ? -1 : x < y;
}

static bool
action_of(enum finding_kind kind, enum action_kind *ret_kind)
{
    switch (kind) {
    case FINDING_MISSING_INDEX:
        *ret_kind = ACTION_CREATE_INDEX;
        return true;
    case FINDING_REPEATED_QUERY:
        *ret_kind = ACTION_EAGER_LOAD;
        return true;
    case FINDING_CACHEABLE:
        *ret_kind = ACTION_CACHE;
        return true;
    default:
        return false;
    }
}

static void
propose(struct incident *inc, const struct incident_cause *c, const struct shift_route *r,
        const struct statement *s, double floor_ms)
{
    enum action_kind kind;
    if (!action_of(c->finding.kind, &kind) || inc->action_count == INCIDENT_ACTIONS_MAX) {
        return;
    }
    const struct stats_query *q = stats_find(&r->now, c->finding.fingerprint);
    if (q == NULL) {
        return;
    }
    struct incident_action *a = &inc->action[inc->action_count++];
    memset(a, 0, sizeof(*a));
    a->kind = kind;
    a->fingerprint = c->finding.fingerprint;
    a->saving_alone_ms = c->saving_ms;
    a->reference_calls = q->calls;
    a->reference_call_ms = q->per_call_ms;
    a->reference_share = q->repeated;
    if (kind == ACTION_CREATE_INDEX) { /* where a call is on its way to with the index */
        double after = MAX(MIN(floor_ms, q->per_call_ms), q->per_call_ms * c->finding.cost_ratio);
        a->reference_share = after / MAX(q->per_call_ms, 1e-9);
    }
    if (s != NULL) {
        remedy_text(&c->finding, s, a->text, sizeof(a->text));
        remedy_note(&c->finding, q->calls, a->note, sizeof(a->note));
    }
}

static void
propose_roll_back(struct incident *inc, const struct shift_route *r)
{
    if (!inc->has_deploy) {
        return;
    }
    struct incident_action *a = &inc->action[inc->action_count++];
    memset(a, 0, sizeof(*a));
    a->kind = ACTION_ROLL_BACK;
    a->saving_alone_ms = r->change_ms;
    snprintf(a->text, sizeof(a->text), "roll back %.120s",
             inc->deploy_marked ? inc->deploy_name : "the last deploy");
}

static void
name_actions(struct incident *inc)
{
    char next = 'a';
    for (unsigned i = 0; i < inc->action_count; i++) {
        struct incident_action *a = &inc->action[i];
        snprintf(a->id, sizeof(a->id), "%c", a->kind == ACTION_ROLL_BACK ? '0' : next++);
    }
}

static uint32_t
causes_of(const struct incident *inc, uint32_t actions)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < inc->action_count; i++) {
        enum action_kind kind;
        for (unsigned c = 0; c < inc->cause_count; c++) {
            const struct finding *f = &inc->cause[c].finding;
            if ((actions & (1u << i)) != 0 && f->fingerprint == inc->action[i].fingerprint &&
                action_of(f->kind, &kind) && kind == inc->action[i].kind) {
                mask |= 1u << c;
            }
        }
    }
    return mask;
}

static void
add_together(struct incident *inc, const struct attribution_input *in, uint32_t mask)
{
    for (unsigned i = 0; i < inc->together_count; i++) {
        if (inc->together[i].mask == mask) {
            return;
        }
    }
    if (inc->together_count < INCIDENT_TOGETHER_MAX) {
        inc->together[inc->together_count++] =
            (struct incident_together){mask, attribution_saving_ms(in, causes_of(inc, mask))};
    }
}

/* Pairs that work on the same statement first: there the sum misleads most. Then the other pairs,
 * then all of them. */
static void
weigh_together(struct incident *inc, const struct attribution_input *in)
{
    uint32_t all = 0;
    inc->together_count = 0;
    for (unsigned same = 2; same-- > 0;) {
        for (unsigned i = 0; i < inc->action_count; i++) {
            const struct incident_action *a = &inc->action[i];
            if (a->kind == ACTION_ROLL_BACK) {
                continue;
            }
            all |= 1u << i;
            for (unsigned k = i + 1; k < inc->action_count; k++) {
                if ((inc->action[k].fingerprint == a->fingerprint) == (same == 1) &&
                    inc->together_count < INCIDENT_TOGETHER_MAX - 1) {
                    add_together(inc, in, 1u << i | 1u << k);
                }
            }
        }
    }
    inc->saving_together_ms = attribution_saving_ms(in, causes_of(inc, all));
    if ((all & (all - 1)) != 0) {
        add_together(inc, in, all);
    }
}

void
incident_weigh(struct incident *inc, struct shift *s, const struct statement_table *statements)
{
    struct shift_route *r = inc->watch == NULL ? NULL : shift_find(s, inc->watch);
    if (r == NULL || inc->state != INCIDENT_OPEN || r->now.n < 5) {
        return;
    }
    struct finding findings[INCIDENT_CAUSES_MAX];
    struct attribution_input in;
    incident_attribution(inc, s, r, findings, &in);
    for (unsigned i = 0; i < inc->cause_count; i++) {
        struct incident_cause *c = &inc->cause[i];
        /* A cache is measured by the query time it saves: so is its promise. */
        c->saving_ms = c->finding.kind == FINDING_CACHEABLE ? attribution_query_saving_ms(&in, i)
                                                            : attribution_saving_ms(&in, 1u << i);
        if (c->finding.has_saving) {
            c->saving_ms = c->finding.saving_ms;
        } else if (is_generic(c->finding.kind)) {
            const struct stats_query *now = stats_find(&r->now, c->finding.fingerprint);
            const struct stats_query *was = stats_find(&r->before, c->finding.fingerprint);
            c->saving_ms = now == NULL ? 0 : now->cost_ms - (was == NULL ? 0 : was->cost_ms);
        }
    }
    qsort(inc->cause, inc->cause_count, sizeof(inc->cause[0]), cause_compare);
    incident_attribution(inc, s, r, findings, &in); /* in the new order */
    inc->action_count = 0;
    propose_roll_back(inc, r);
    for (unsigned i = 0; i < inc->cause_count; i++) {
        const struct incident_cause *c = &inc->cause[i];
        propose(inc, c, r, statement_get(statements, c->finding.fingerprint), in.floor_ms);
    }
    name_actions(inc);
    weigh_together(inc, &in);
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
