/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/judge/kept_kit.h - what a store would have kept of a judge: windows of one
 * route and its statement, states, the last incident. */
#ifndef UNIT_ANALYSIS_KEPT_KIT_H
#define UNIT_ANALYSIS_KEPT_KIT_H

#include <stdlib.h>

#include "analysis/judge/judge.h"
#include "analysis/window/reading_maker.h"
#include "unit/unit.h"

#define STATES_MAX  64u
#define WINDOWS_MAX 80000u

struct kept_window {
    struct stored_window w;
    uint8_t sketch[1024];
};

struct kept_blob {
    struct stored_state state;
    char name[300];
    uint8_t *blob;
    unsigned writes;
};

struct kept {
    struct kept_window *window;
    unsigned window_count, history_count; /* of which: that nothing is put in the place of */
    struct kept_blob state[STATES_MAX];
    unsigned state_count;
    struct stored_incident incident; /* id 0: there is none */
    uint8_t *incident_blob;
};

static inline void
kept_init(struct kept *k)
{
    *k = (struct kept){.window = check_alloc(WINDOWS_MAX, sizeof(k->window[0]))};
}

static inline void
kept_fini(struct kept *k)
{
    for (unsigned i = 0; i < k->state_count; i++) {
        free(k->state[i].blob);
    }
    free(k->incident_blob);
    free(k->window);
}

static inline void
kept_add_window(struct kept *k, const struct stored_window *w)
{
    struct kept_window *to = NULL;
    for (unsigned i = k->window_count; i-- > k->history_count && to == NULL;) {
        to = reading_order(&k->window[i].w, w) == 0 ? &k->window[i] : NULL;
    }
    if (to == NULL) {
        assert_true(k->window_count < WINDOWS_MAX);
        to = &k->window[k->window_count++];
    }
    to->w = *w;
    to->w.route = w->route.len == 0 ? SLICE_NONE : SLICE_LIT("GET /a");
    to->w.database = SLICE_LIT("shop");
    to->w.plan = SLICE_NONE;
    assert_true(w->sketch.len <= sizeof(to->sketch));
    memcpy(to->sketch, w->sketch.ptr == NULL ? to->sketch : w->sketch.ptr, w->sketch.len);
    to->w.sketch = slice_of(to->sketch, w->sketch.len);
}

static inline void
kept_add_state(struct kept *k, const struct stored_state *s)
{
    struct kept_blob *to = NULL;
    for (unsigned i = 0; i < k->state_count; i++) {
        to = slice_eq(k->state[i].state.name, s->name) ? &k->state[i] : to;
    }
    if (to == NULL) {
        assert_true(k->state_count < STATES_MAX);
        to = &k->state[k->state_count++];
    }
    free(to->blob);
    to->blob = check_alloc(1, s->blob.len);
    memcpy(to->blob, s->blob.ptr, s->blob.len);
    to->writes++;
    slice_to_str(s->name, to->name, sizeof(to->name));
    to->state = (struct stored_state){slice_from_str(to->name), slice_of(to->blob, s->blob.len)};
}

static inline void
kept_add_incident(struct kept *k, const struct stored_incident *incident)
{
    free(k->incident_blob);
    k->incident = *incident;
    k->incident_blob = check_alloc(1, incident->blob.len);
    memcpy(k->incident_blob, incident->blob.ptr, incident->blob.len);
    k->incident.blob = slice_of(k->incident_blob, incident->blob.len);
    k->incident.json = SLICE_LIT("{}");
    k->incident.state = SLICE_LIT("open");
}

static inline void
kept_add(struct kept *k, const struct stored *r)
{
    if (r->kind == STORED_WINDOW) {
        kept_add_window(k, &r->window);
    } else if (r->kind == STORED_STATE) {
        kept_add_state(k, &r->state);
    } else if (r->kind == STORED_INCIDENT) {
        kept_add_incident(k, &r->incident);
    }
}

static inline int
kept_order(const void *a, const void *b)
{
    return reading_order(&((const struct kept_window *)a)->w, &((const struct kept_window *)b)->w);
}

/* As a store gives them. */
static inline void
kept_sort(struct kept *k)
{
    qsort(k->window, k->window_count, sizeof(k->window[0]), kept_order);
    for (unsigned i = 0; i < k->window_count; i++) {
        k->window[i].w.sketch.ptr = k->window[i].sketch;
    }
}

/* What the judge is told before it begins. */
static inline void
kept_restore(const struct kept *k, struct judge *j)
{
    for (unsigned i = 0; i < k->state_count; i++) {
        struct stored r = {.kind = STORED_STATE, .state = k->state[i].state};
        assert_int_equal(judge_restore(j, &r), 0);
    }
    if (k->incident.id != 0) {
        struct stored r = {.kind = STORED_INCIDENT, .incident = k->incident};
        assert_int_equal(judge_restore(j, &r), 0);
    }
}

#endif
