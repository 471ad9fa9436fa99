/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge's long memory. Minutes that are over go to the monitor, which knows what is normal at
 * this time of the week; the rest of the judge compares the last minutes with those before. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/judge/state.h"
#include "base/clock.h"

#define MINUTE_S     ((int64_t)(SERIES_WINDOW_NS / NS_PER_S))
#define OLD_ENOUGH   NS_PER_S       /* a query in flight for less is not worth a figure */
#define SILENT_NS    (5 * NS_PER_S) /* a worker that has not been heard for so long */
#define EXPECTED_KEY "monitor:expected"
#define MEMORY_KEY   "monitor:memory:"

static struct monitor_config
config_of(const struct judge *j)
{
    return (struct monitor_config){.utc_offset_s = j->config.utc_offset_s,
                                   .objectives = j->config.objectives};
}

void
judge_monitor_init(struct judge *j)
{
    const struct monitor_config config = config_of(j);
    const struct monitor_out out = {0};
    j->long_term.monitor = monitor_new(&config, &out);
    reading_maker_init(&j->long_term.maker);
    judge_objectives_again(j);
}

static void
forget_memory(struct judge *j)
{
    for (unsigned i = 0; i < j->long_term.memory_count; i++) {
        free((void *)j->long_term.memory[i].ptr);
    }
    j->long_term.memory_count = 0;
}

void
judge_monitor_fini(struct judge *j)
{
    monitor_free(&j->long_term.monitor);
    reading_maker_fini(&j->long_term.maker);
    forget_memory(j);
}

void
judge_monitor_in_flight(struct judge *j, const struct event_in_flight *f)
{
    if (f->head.worker < JUDGE_FLIGHTS_MAX) {
        j->long_term.flight[f->head.worker] =
            (struct judge_flight){f->fingerprint, f->start_ns, j->now_ns};
    }
    load_add_in_flight(&j->load, j->now_ns, f->head.worker, f->in_flight);
}

/* A query that does not end is in no window by itself. */
static void
note_oldest(struct judge *j, uint64_t end_wall_ns)
{
    for (unsigned i = 0; i < JUDGE_FLIGHTS_MAX; i++) {
        const struct judge_flight *f = &j->long_term.flight[i];
        uint64_t start_wall_ns = judge_wall(j, f->start_ns);
        bool is_heard = f->fingerprint != 0 && f->heard_ns + SILENT_NS >= j->now_ns;
        if (!is_heard || start_wall_ns + OLD_ENOUGH > end_wall_ns) {
            continue;
        }
        const struct statement *st = statement_get(&j->statements, f->fingerprint);
        struct series *s = series_get(&j->series, SERIES_STATEMENT, NULL, f->fingerprint,
                                      st == NULL ? 0 : st->database);
        const struct series_sums nothing = {0};
        series_add(s, &nothing, false, end_wall_ns - 1, judge_keep_window, j);
        s->window.oldest_ns = MAX(s->window.oldest_ns, end_wall_ns - start_wall_ns);
    }
}

static int
by_reading_order(const void *a, const void *b)
{
    const struct series *x = *(const struct series *const *)a;
    const struct series *y = *(const struct series *const *)b;
    struct stored_window v = {.route = slice_from_str(x->route), .fingerprint = x->fingerprint};
    struct stored_window w = {.route = slice_from_str(y->route), .fingerprint = y->fingerprint};
    return reading_order(&v, &w);
}

/* In the order in which the store would give them. */
static void
feed_minute(struct judge *j, uint64_t minute)
{
    const struct series **list = check_alloc(j->series.by_key.count + 1, sizeof(struct series *));
    unsigned n = 0;
    size_t at = 0;
    struct map_slot *slot;
    while ((slot = map_next(&j->series.by_key, &at)) != NULL) {
        const struct series *s = slot->value;
        if (s->window_number == minute && (s->window.calls > 0 || s->window.oldest_ns > 0)) {
            list[n++] = s;
        }
    }
    qsort(list, n, sizeof(struct series *), by_reading_order);
    for (unsigned i = 0; i < n; i++) {
        uint8_t sketch[SKETCH_SAVED_MAX];
        struct stored_window w = judge_window_of(j, list[i], sketch);
        const struct statement *st = statement_get(&j->statements, w.fingerprint);
        struct reading r;
        if (reading_make(&j->long_term.maker, &w, slice_from_str(st == NULL ? NULL : st->text),
                         &r)) {
            monitor_reading(j->long_term.monitor, &r);
        }
    }
    free(list);
}

/* While it is learning again the store knows more. */
static void
keep_piece(struct judge *j, unsigned piece)
{
    const struct monitor *m = j->long_term.monitor;
    char name[64];
    AUTO_BUF struct buf blob;
    buf_init(&blob, 1u << 20);
    bool may_keep = j->long_term.may_keep && piece < memory_pieces(m);
    if (may_keep && memory_save(m, piece, &blob) == 0) {
        snprintf(name, sizeof(name), MEMORY_KEY "%u", piece);
        struct stored record = {.kind = STORED_STATE,
                                .state = {slice_from_str(name), buf_slice(&blob)}};
        judge_give(j, &record);
    }
}

void
judge_monitor_keep(struct judge *j)
{
    for (unsigned piece = 0; piece < memory_pieces(j->long_term.monitor); piece++) {
        keep_piece(j, piece);
    }
}

/* Minutes that were gone through come again. Of one alone, or less, what is underway lasts longer.
 */
static void
follow_clock(struct judge *j, uint64_t minute)
{
    struct judge_long_term *l = &j->long_term;
    char text[128];
    if (l->minute == 0) { /* a store may know later ones */
        series_set_back(&j->series, minute, judge_keep_window, j);
    } else if (minute + 1 < l->minute) {
        snprintf(text, sizeof(text), "by %" PRIu64 " minutes: what is normal is learned again",
                 l->minute - minute);
        judge_tell(j, "clock-set-back", text);
        series_set_back(&j->series, minute, judge_keep_window, j);
        fine_set_back(&j->fine, judge_wall(j, j->now_ns));
        l->minute = minute;
        l->wants_replay = true;
    }
}

void
judge_monitor_turn(struct judge *j)
{
    struct judge_long_term *l = &j->long_term;
    uint64_t minute = judge_wall(j, j->now_ns) / SERIES_WINDOW_NS;
    follow_clock(j, minute);
    if (minute <= l->minute) {
        return;
    }
    if (l->minute > l->reached) {
        note_oldest(j, (l->minute + 1) * SERIES_WINDOW_NS);
        judge_apportion(j, l->minute);
        feed_minute(j, l->minute);
        monitor_advance(l->monitor, (int64_t)minute * MINUTE_S + 1);
        judge_episodes_turn(j);
        judge_objectives_turn(j);
        keep_piece(j, (unsigned)(minute % 60)); /* each once an hour */
        l->reached = l->minute;
    }
    fine_turn(&j->fine, minute * SERIES_WINDOW_NS);
    series_turn(&j->series, l->minute, judge_keep_window, j);
    l->minute = minute;
}

json_t *
judge_monitor_json(const struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    struct monitor_totals t = monitor_totals(m);
    unsigned open = 0;
    for (unsigned i = 0; i < monitor_episode_count(m); i++) {
        open += monitor_episode(m, i)->state == EPISODE_OPEN ? 1 : 0;
    }
    return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:b}", "series",
                     (int)t.tracks, "learning", (int)t.learning, "windows", (json_int_t)t.readings,
                     "minutes", (json_int_t)t.steps, "surges", (json_int_t)t.frozen, "followed",
                     (json_int_t)t.followed, "blips", (json_int_t)t.blips, "episodes",
                     (int)monitor_episode_count(m), "open", open, "refused",
                     (json_int_t)(t.refused + j->long_term.refused), "relearned",
                     j->long_term.is_relearned);
}

/* ---- what is expected ---- */

/* So that what is learned again after a restart does not come upon it again. */
static void
keep_marks(const struct judge *j)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < j->long_term.mark_count; i++) {
        const struct replay_mark *m = &j->long_term.mark[i];
        json_array_append_new(list, json_pack("{s:I, s:s%}", "t", (json_int_t)m->at_s, "subject",
                                              m->subject, strlen(m->subject)));
    }
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    struct stored record = {.kind = STORED_STATE,
                            .state = {SLICE_LIT(EXPECTED_KEY), slice_from_str(text)}};
    if (text != NULL) {
        judge_give(j, &record);
    }
    free(text);
}

static int
restore_memory(struct judge *j, struct slice blob)
{
    struct judge_long_term *l = &j->long_term;
    if (l->memory_count == MEMORY_PIECES_MAX || blob.len == 0) {
        return -EBADMSG;
    }
    uint8_t *copy = check_alloc(1, blob.len);
    memcpy(copy, blob.ptr, blob.len);
    l->memory[l->memory_count++] = slice_of(copy, blob.len);
    return 0;
}

int
judge_monitor_restore(struct judge *j, const struct stored_state *in)
{
    if (slice_starts_with_ci(in->name, SLICE_LIT(MEMORY_KEY))) {
        return restore_memory(j, in->blob);
    }
    if (!slice_eq(in->name, SLICE_LIT(EXPECTED_KEY))) {
        return -ENOENT;
    }
    struct judge_long_term *l = &j->long_term;
    json_t *list = json_loadb((const char *)in->blob.ptr, in->blob.len, 0, NULL), *o;
    size_t i;
    json_array_foreach(list, i, o)
    {
        const char *subject = json_string_value(json_object_get(o, "subject"));
        if (subject != NULL && l->mark_count < REPLAY_MARKS_MAX) {
            struct replay_mark *m = &l->mark[l->mark_count++];
            m->at_s = json_integer_value(json_object_get(o, "t"));
            slice_to_str(slice_from_str(subject), m->subject, sizeof(m->subject));
        }
    }
    int err = json_is_array(list) ? 0 : -EBADMSG;
    json_decref(list);
    return err;
}

void
judge_monitor_expect(struct judge *j, const struct incident *inc)
{
    struct judge_long_term *l = &j->long_term;
    if (l->mark_count == REPLAY_MARKS_MAX) {
        memmove(&l->mark[0], &l->mark[1], (REPLAY_MARKS_MAX - 1) * sizeof(l->mark[0]));
        l->mark_count--;
    }
    struct replay_mark *m = &l->mark[l->mark_count++];
    l->marks_new = MIN(l->marks_new + 1, l->mark_count);
    m->at_s = (int64_t)(judge_wall(j, j->now_ns) / NS_PER_S);
    if (inc->episode.fingerprint != 0) {
        snprintf(m->subject, sizeof(m->subject), "%016" PRIx64, inc->episode.fingerprint);
    } else {
        snprintf(m->subject, sizeof(m->subject), "%.255s", inc->is_whole ? "" : inc->subject);
    }
    monitor_expect(l->monitor, m->subject);
    keep_marks(j);
    judge_monitor_keep(j); /* what came back does so no more */
}

/* ---- after a restart ---- */

struct replay *
judge_replay(struct judge *j)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->long_term.marks_new = 0;
    int64_t until_s = (int64_t)(judge_wall(j, j->now_ns) / NS_PER_S);
    const struct monitor_config config = config_of(j);
    return replay_new(until_s, &config, j->long_term.mark, j->long_term.mark_count);
}

bool
judge_wants_replay(struct judge *j)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    bool wants = j->long_term.wants_replay;
    j->long_term.wants_replay = false;
    return wants;
}

/* From one that gives way. */
static void
take_memory(struct judge *j)
{
    const struct monitor *m = j->long_term.monitor;
    for (unsigned piece = 0; piece < memory_pieces(m); piece++) {
        AUTO_BUF struct buf blob;
        buf_init(&blob, 1u << 20);
        if (memory_save(m, piece, &blob) == 0) {
            (void)!restore_memory(j, buf_slice(&blob));
        }
    }
}

/* What somebody said while that one was learning. */
static void
expect_again(const struct judge *j, struct monitor *m)
{
    const struct judge_long_term *l = &j->long_term;
    for (unsigned i = l->mark_count - l->marks_new; i < l->mark_count; i++) {
        monitor_expect(m, l->mark[i].subject);
    }
}

void
judge_take_no_monitor(struct judge *j)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->long_term.may_keep = true;
}

void
judge_take_monitor(struct judge *j, struct monitor **monitor)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    if (j->long_term.may_keep) { /* it knows more than the store has of it */
        take_memory(j);
    }
    monitor_take_deploys(*monitor, j->long_term.monitor,
                         (int64_t)(judge_wall(j, j->now_ns) / NS_PER_S));
    monitor_free(&j->long_term.monitor);
    j->long_term.monitor = TAKE(*monitor);
    j->long_term.reached = 0;
    expect_again(j, j->long_term.monitor); /* then what is remembered of before is passed over */
    for (unsigned i = 0; i < j->long_term.memory_count; i++) {
        if (memory_load(j->long_term.monitor, j->long_term.memory[i]) != 0) {
            judge_tell(j, "memory-refused", "how noisy some series are is learned again");
        }
    }
    forget_memory(j);
    monitor_look_again(j->long_term.monitor);
    j->long_term.is_relearned = j->long_term.may_keep = true;
    judge_episodes_again(j);
    judge_objectives_again(j);
}
