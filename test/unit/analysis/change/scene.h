/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/change/scene.h - the four routes, which all do as ever before the moment: one
 * call of 10 ms and 10 ms of the application, every half second. What the first one does after it
 * is the test's. */
#ifndef UNIT_ANALYSIS_CHANGE_SCENE_H
#define UNIT_ANALYSIS_CHANGE_SCENE_H

#include "unit/analysis/routes_kit.h"

static inline void
open_scene(struct routes *s)
{
    routes_open(s);
    for (uint64_t at = T0; at < SPLIT; at += EVERY) {
        for (unsigned i = 0; i < ROUTES; i++) {
            kit_calls(s->watch[i], at, i + 1, 1, 10, 10);
        }
        load_add(&s->load, at, ROUTES, ROUTES, 0, 10.0 * ROUTES);
    }
}

/* The routes from `first` on, after the split. */
static inline void
play(struct routes *s, unsigned first, double call_ms, uint64_t every_ns)
{
    for (uint64_t at = SPLIT; at < NOW; at += every_ns) {
        for (unsigned i = first; i < ROUTES; i++) {
            kit_calls(s->watch[i], at, i + 1, 1, call_ms, 10);
        }
        load_add(&s->load, at, ROUTES, ROUTES, 0, call_ms * ROUTES);
    }
}

#endif
