/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that look different since a deploy (series/shapes.h). One incident for each deploy: what
 * is found of a second route is one more cause of it. It is held open until all of them look as
 * before; what is meant to be so is closed by a person, or taken for normal after a day. An
 * incident that is open about the route for another reason has it as a cause, and goes its own way:
 * when it is over and they still look different, they have one of their own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/incident/cause.h"
#include "analysis/judge/state.h"
#include "base/clock.h"

#define SHAPES_KEY    "shapes:"
#define MEANT_AFTER   (24 * 3600 * NS_PER_S)
#define KEEP_EVERY_NS (600 * NS_PER_S)
#define INFERRED_FROM (60 * NS_PER_S) /* so late a deploy is seen by its statements */

void
judge_shape(struct watch *w, const struct trace *t)
{
    if (t->shape.body == RESPONSE_UNSEEN || (t->request_flags & REQUEST_ERROR_BODY) != 0) {
        return; /* what says that it failed is another finding, and looks different */
    }
    if (w->shapes == NULL) {
        w->shapes = check_alloc(1, sizeof(*w->shapes));
    }
    shapes_add(w->shapes, &t->shape);
}

void
judge_shapes_deploy(struct judge *j, const struct judge_deploy_mark *d)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (j->watch[i]->shapes != NULL && judge_may_affect(d, j->watch[i])) {
            shapes_deploy(j->watch[i]->shapes, j->now_ns, d->at_ns, d->name, true);
        }
    }
    for (unsigned i = 0; i < n; i++) { /* as of their routes */
        struct incident *inc = active[i];
        bool is_late = inc->of_answers && inc->has_deploy && !inc->deploy_marked &&
                       d->at_ns <= inc->deploy_ns + SHAPES_LATE_NS;
        if (is_late && (inc->watch == NULL || judge_may_affect(d, inc->watch))) {
            inc->deploy_marked = true;
            inc->deploy_chance = judge_deploy_chance(j, inc, d->at_ns);
            memcpy(inc->deploy_name, d->name, sizeof(inc->deploy_name));
            inc->dirty = true;
        }
    }
}

/* Nobody marked one, and the route's statements say that there was one. */
static void
infer_deploy(struct judge *j, struct watch *w)
{
    uint64_t fingerprint;
    if (w->shapes->deploy_ns != 0) {
        return;
    }
    uint64_t at_ns = watch_novelty(w, j->now_ns - MIN(j->now_ns, INFERRED_FROM), &fingerprint);
    if (at_ns != 0) {
        shapes_deploy(w->shapes, j->now_ns, at_ns, JUDGE_UNNAMED, false);
    }
}

static bool
is_same_deploy(const struct incident *inc, const struct shapes *s)
{
    uint64_t apart_ns = MAX(inc->deploy_ns, s->deploy_ns) - MIN(inc->deploy_ns, s->deploy_ns);
    return strcmp(inc->deploy_name, s->deploy_name) == 0 && apart_ns <= SHAPES_LATE_NS;
}

/* About the route, or about what the same deploy did to others. */
static struct incident *
find_home(const struct judge *j, const struct watch *w)
{
    struct incident *active[JUDGE_ACTIVE_MAX], *home = NULL;
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n && (home == NULL || home->watch != w); i++) {
        bool is_same = active[i]->of_answers && is_same_deploy(active[i], w->shapes);
        home = active[i]->watch == w || is_same ? active[i] : home;
    }
    return home;
}

static struct incident *
open_on(struct judge *j, struct watch *w, const char *what)
{
    const struct shapes *s = w->shapes;
    struct incident *inc = judge_incident_on(j, w, s->bad_ns);
    inc->of_answers = true;
    inc->onset_from_ns = s->bad_ns - MIN(s->bad_ns, SHAPES_STEP_NS); /* of what was as before */
    inc->has_deploy = s->deploy_ns != 0;
    inc->deploy_marked = s->deploy_marked;
    inc->deploy_ns = s->deploy_ns;
    inc->deploy_overlap = OVERLAP_ANSWERS;
    inc->deploy_chance = s->deploy_marked ? judge_deploy_chance(j, inc, s->deploy_ns) : -1;
    memcpy(inc->deploy_name, s->deploy_name, sizeof(inc->deploy_name));
    if (inc->has_deploy) {
        incident_note(inc, inc->deploy_ns, "deploy", inc->deploy_name);
    }
    incident_note(inc, inc->onset_ns, "onset", "answers look different from then on");
    incident_note(inc, j->now_ns, "opened", what);
    return inc;
}

static void
tell_of(struct judge *j, struct watch *w)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    struct incident *inc = find_home(j, w);
    struct finding f = {.kind = FINDING_INCONSISTENT_RESPONSE,
                        .evidence = EVIDENCE_MEASURED,
                        .basis = "counters",
                        .has_saving = true};
    char text[700];
    bool has_room = inc != NULL || judge_active(j, active) < JUDGE_ACTIVE_MAX;
    if (!has_room || w->shapes->run.answers < SHAPE_STEP_ANSWERS) { /* none yet since a restart */
        return;                                                     /* later, then */
    }
    shapes_describe(w->shapes, f.detail);
    snprintf(text, sizeof(text), "%.200s answers differently: %s", w->text, f.detail);
    inc = inc == NULL ? open_on(j, w, text) : inc;
    snprintf(f.label, sizeof(f.label), "%.95s", w->text);
    snprintf(f.advice, sizeof(f.advice),
             "answer as before, or tell all clients; `slowburn expected %u` if it is meant",
             inc->id);
    w->shapes->incident = inc->id;
    w->shapes->dirty = true;
    inc->answers_differ = inc->of_answers; /* another reason ends by itself */
    if (cause_add(inc, &f, inc->watch == w ? "" : w->text, NULL)) {
        snprintf(text, sizeof(text), "%s (%s): %.120s: %s", finding_kind_name(f.kind),
                 finding_evidence_name(f.evidence), f.label, f.detail);
        incident_note(inc, j->now_ns, "finding", text);
        judge_tell_of(j, inc, "finding", text);
    }
    judge_announce(j, inc);
    judge_publish(j, inc);
}

static struct incident *
incident_of(const struct judge *j, const struct shapes *s)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = s->incident == 0 ? 0 : judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        if (active[i]->id == s->incident) {
            return active[i];
        }
    }
    return NULL;
}

static void
is_back(struct judge *j, struct watch *w)
{
    char text[256];
    struct incident *inc = incident_of(j, w->shapes);
    w->shapes->incident = 0;
    snprintf(text, sizeof(text), "%.160s: answers look as before again", w->text);
    if (inc != NULL) {
        incident_note(inc, j->now_ns, "answers", text);
        judge_tell_of(j, inc, "answers", text);
        judge_publish(j, inc);
    }
}

/* No person has ended it. */
static bool
is_over_by_itself(const struct judge *j, uint32_t id)
{
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->id == id) {
            return j->incident[i]->state != INCIDENT_CLOSED;
        }
    }
    return true; /* it did not come back from the store */
}

/* Meant to be so: a person has ended its incident, or nobody has objected for a day. */
static void
follow(struct judge *j, struct watch *w)
{
    struct shapes *s = w->shapes;
    struct incident *inc = incident_of(j, s);
    if (s->incident == 0 || (inc == NULL && is_over_by_itself(j, s->incident))) {
        tell_of(j, w);
    } else if (inc == NULL) {
        shapes_adopt(s, j->now_ns);
    } else if (j->now_ns >= s->bad_ns + MEANT_AFTER) {
        incident_note(inc, j->now_ns, "answers", "they have looked so for a day: taken for normal");
        shapes_adopt(s, j->now_ns);
    }
}

/* What no route's answers hold open any more goes the way of all incidents. */
static void
let_go(struct judge *j)
{
    struct incident *active[JUDGE_ACTIVE_MAX];
    unsigned n = judge_active(j, active);
    for (unsigned i = 0; i < n; i++) {
        bool differ = false;
        for (unsigned k = 0; active[i]->of_answers && k < j->watch_count && !differ; k++) {
            const struct shapes *s = j->watch[k]->shapes;
            differ = s != NULL && s->is_changed && s->incident == active[i]->id;
        }
        active[i]->dirty = active[i]->dirty || active[i]->answers_differ != differ;
        active[i]->answers_differ = differ;
    }
}

void
judge_shapes_turn(struct judge *j)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct watch *w = j->watch[i];
        if (w->shapes == NULL) {
            continue;
        }
        infer_deploy(j, w);
        enum shapes_news news = shapes_turn(w->shapes, j->now_ns);
        if (news == SHAPES_BACK) {
            is_back(j, w);
        } else if (w->shapes->is_changed) {
            follow(j, w);
        }
    }
    let_go(j);
}

/* ---- over a restart */

static void
keep(const struct judge *j, const struct watch *w)
{
    const struct shapes *s = w->shapes;
    char name[sizeof(w->text) + sizeof(SHAPES_KEY)];
    json_t *saved = shapes_save(s, s->deploy_ns == 0 ? 0 : judge_wall(j, s->deploy_ns),
                                s->bad_ns == 0 ? 0 : judge_wall(j, s->bad_ns));
    char *text = json_dumps(saved, JSON_COMPACT);
    json_decref(saved);
    if (text == NULL) {
        return;
    }
    snprintf(name, sizeof(name), SHAPES_KEY "%s", w->text);
    struct stored record = {.kind = STORED_STATE,
                            .state = {slice_from_str(name), slice_from_str(text)}};
    judge_give(j, &record);
    free(text);
}

void
judge_keep_shapes(struct judge *j)
{
    for (unsigned i = 0; i < j->watch_count; i++) {
        struct shapes *s = j->watch[i]->shapes;
        bool is_due =
            s != NULL && (s->dirty || (s->learned && j->now_ns >= s->kept_ns + KEEP_EVERY_NS));
        if (is_due) {
            keep(j, j->watch[i]);
            s->dirty = s->learned = false;
            s->kept_ns = j->now_ns;
        }
    }
}

int
judge_restore_shapes(struct judge *j, const struct stored_state *in)
{
    struct slice prefix = SLICE_LIT(SHAPES_KEY);
    if (!slice_starts_with_ci(in->name, prefix)) {
        return -ENOENT;
    }
    struct slice route = slice_sub(in->name, prefix.len, in->name.len);
    struct watch *w =
        judge_watch_of(j, slice_sub(route, 0, sizeof(w->text) - 1), ROUTE_BASIS_PATH, 0);
    if (w == NULL || w->shapes != NULL) {
        return -EBADMSG;
    }
    uint64_t deploy_ns = 0, bad_ns = 0;
    json_t *saved = json_loadb((const char *)in->blob.ptr, in->blob.len, 0, NULL);
    w->shapes = check_alloc(1, sizeof(*w->shapes));
    int err = shapes_load(w->shapes, saved, &deploy_ns, &bad_ns);
    json_decref(saved);
    if (err != 0) {
        free(w->shapes);
        w->shapes = NULL;
        return err;
    }
    bool reaches = wall_clock_reaches(&j->clock, deploy_ns);
    w->shapes->deploy_ns = reaches ? wall_clock_back(&j->clock, deploy_ns) : 0;
    w->shapes->bad_ns = wall_clock_back(&j->clock, bad_ns);
    return 0;
}
