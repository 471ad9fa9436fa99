/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/replay.h"

#include <stdlib.h>

#include "analysis/window/reading_maker.h"
#include "base/clock.h"

struct replay {
    _Atomic bool cancelled;
    int64_t until_s;
    struct monitor *monitor;
    struct reading_maker maker;
    struct map statement; /* fingerprint -> its text */
    struct replay_mark mark[REPLAY_MARKS_MAX];
    unsigned mark_count, mark_next;
    uint64_t windows;
};

struct replay *
replay_new(int64_t until_s, const struct monitor_config *config, const struct replay_mark *marks,
           unsigned mark_count)
{
    struct replay *r = check_alloc(1, sizeof(*r));
    const struct monitor_out out = {0};
    r->until_s = until_s;
    r->monitor = monitor_new(config, &out);
    reading_maker_init(&r->maker);
    map_init(&r->statement, REPLAY_STATEMENTS);
    r->mark_count = MIN(mark_count, REPLAY_MARKS_MAX);
    for (unsigned i = 0; i < r->mark_count; i++) {
        r->mark[i] = marks[i];
    }
    return r;
}

static void
add_statement(struct replay *r, const struct stored_fingerprint *f)
{
    char *text = check_alloc(1, f->text.len + 1);
    slice_to_str(f->text, text, f->text.len + 1);
    if (map_get(&r->statement, f->fingerprint) != NULL ||
        map_put(&r->statement, f->fingerprint, text) != 0) {
        free(text);
    }
}

static void
apply_marks(struct replay *r, int64_t until_s)
{
    for (; r->mark_next < r->mark_count && r->mark[r->mark_next].at_s <= until_s; r->mark_next++) {
        monitor_advance(r->monitor, r->mark[r->mark_next].at_s);
        monitor_expect(r->monitor, r->mark[r->mark_next].subject);
    }
}

static bool
add_window(struct replay *r, const struct stored_window *w)
{
    struct reading reading;
    int64_t end_s = (int64_t)(w->start_wall_ns / NS_PER_S) + w->length_s;
    const char *text = map_get(&r->statement, w->fingerprint);
    if (end_s > r->until_s) {
        return false; /* live from here on */
    }
    apply_marks(r, end_s - w->length_s);
    if (reading_make(&r->maker, w, slice_from_str(text), &reading)) {
        monitor_reading(r->monitor, &reading);
    }
    return ++r->windows < REPLAY_WINDOWS_MAX;
}

bool
replay_record(void *replay, const struct stored *record)
{
    struct replay *r = replay;
    if (atomic_load_explicit(&r->cancelled, memory_order_relaxed)) {
        return false;
    }
    if (record->kind == STORED_FINGERPRINT) {
        add_statement(r, &record->fingerprint);
    } else if (record->kind == STORED_DEPLOY) {
        struct history_deploy d;
        history_deploy_make(&record->deploy, &d);
        monitor_deploy(r->monitor, &d);
    } else if (record->kind == STORED_WINDOW) {
        return add_window(r, &record->window);
    }
    return true;
}

void
replay_cancel(struct replay *r)
{
    atomic_store_explicit(&r->cancelled, true, memory_order_relaxed);
}

struct monitor *
replay_end(struct replay **replay)
{
    struct replay *r = TAKE(*replay);
    size_t at = 0;
    struct map_slot *slot;
    if (r->cancelled) {
        monitor_free(&r->monitor);
    } else {
        apply_marks(r, r->until_s);
        monitor_advance(r->monitor, r->until_s / MONITOR_STEP_S * MONITOR_STEP_S + 1);
    }
    struct monitor *m = TAKE(r->monitor);
    while ((slot = map_next(&r->statement, &at)) != NULL) {
        free(slot->value);
    }
    map_fini(&r->statement);
    reading_maker_fini(&r->maker);
    free(r);
    return m;
}
