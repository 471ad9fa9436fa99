/* SPDX-License-Identifier: Apache-2.0
 * analysis/window/reading_maker.h - a window as the store keeps it, as the reading that the monitor
 * is fed with.
 *
 * The only way from one to the other, so that what is judged live, what is learned again after a
 * restart and what `slowburn backtest` makes of `slowburn export windows` are the same. It wants
 * the windows in their order (reading_order): a route's before those of its statements, because
 * their calls are counted by its requests.
 *
 * Remembers the requests of READING_MAKER_ROUTES routes; statements of further ones have no
 * `requests`. About 150 KB. A reading lives until the next one is made. One thread. */
#ifndef ANALYSIS_WINDOW_READING_MAKER_H
#define ANALYSIS_WINDOW_READING_MAKER_H

#include "analysis/window/reading.h"
#include "base/map.h"
#include "model/sketch.h"
#include "model/stored.h"

#define READING_MAKER_ROUTES 4096u

struct reading_maker {
    struct map requests; /* hash of a route -> its requests in the moment underway */
    struct reading_cell cell[SKETCH_PAGES * SKETCH_STEPS];
    char fingerprint[100], statement[100];
};

void reading_maker_init(struct reading_maker *m);
void reading_maker_fini(struct reading_maker *m);

/* Borrows the window's and the statement's texts and plan. False: nothing that is judged (the sum
 * of what had no place of its own). */
bool reading_make(struct reading_maker *m, const struct stored_window *w, struct slice statement,
                  struct reading *ret_reading);

/* < 0, 0, > 0: the order of windows, by time, then length, routes first, then by name. */
int reading_order(const struct stored_window *a, const struct stored_window *b);

#endif
