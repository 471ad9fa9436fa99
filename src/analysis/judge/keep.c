/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/incident/keep.h"
#include "analysis/judge/state.h"
#include "base/clock.h"
#include "base/hash.h"

#define KEEP_AGAIN_NS (24 * 3600 * NS_PER_S) /* retain.h's day */

void
judge_give(const struct judge *j, const struct stored *record)
{
    if (j->out.store != NULL) {
        j->out.store(j->out.ctx, record);
    }
}

struct stored_window
judge_window_of(const struct judge *j, const struct series *s, uint8_t sketch[SKETCH_SAVED_MAX])
{
    struct stored_window w = {
        .start_wall_ns = s->window_number * SERIES_WINDOW_NS,
        .length_s = SERIES_WINDOW_NS / NS_PER_S,
        .upstream = s->upstream,
        .database = slice_from_str(judge_name(j, s->database)),
        .route = slice_from_str(s->route),
        .fingerprint = s->fingerprint,
        .calls = s->window.calls,
        .errors = s->window.errors,
        .rows = s->window.rows,
        .time_ns = s->window.time_ns,
        .max_ns = s->window.max_ns,
        .oldest_ns = s->window.oldest_ns,
        .amounts = s->window.amounts,
    };
    const struct statement *st =
        s->window_plan == 0 ? NULL : statement_get(&j->statements, s->fingerprint);
    w.plan = slice_from_str(st == NULL ? NULL : st->plan);
    memcpy(w.errors_by_class, s->window.errors_by_class, sizeof(w.errors_by_class));
    w.sketch = slice_of(sketch, sketch_save(&s->window_sketch, sketch, SKETCH_SAVED_MAX));
    return w;
}

/* The store lets go of texts that nobody has seen for long, and shows them under the name of their
 * database, which may become known later than they do. */
static bool
is_to_be_kept(const struct judge *j, const struct statement *s)
{
    return s->kept_ns == 0 || j->now_ns - s->kept_ns >= KEEP_AGAIN_NS ||
           (s->kept_unnamed && judge_name(j, s->database)[0] != '\0');
}

void
judge_keep_window(void *ctx, const struct series *s)
{
    struct judge *j = ctx;
    struct statement *st =
        s->kind != SERIES_STATEMENT ? NULL : statement_get(&j->statements, s->fingerprint);
    if (st != NULL && is_to_be_kept(j, st)) {
        judge_keep_statement(j, st);
    }
    uint8_t sketch[SKETCH_SAVED_MAX];
    struct stored record = {.kind = STORED_WINDOW, .window = judge_window_of(j, s, sketch)};
    judge_give(j, &record);
}

void
judge_keep_statement(struct judge *j, struct statement *s)
{
    struct stored record = {.kind = STORED_FINGERPRINT,
                            .fingerprint = {.fingerprint = s->fingerprint,
                                            .database = slice_from_str(judge_name(j, s->database)),
                                            .text = slice_from_str(s->text),
                                            .kind = s->kind,
                                            .seen_wall_ns = judge_wall(j, j->now_ns)}};
    s->kept_ns = j->now_ns;
    s->kept_unnamed = record.fingerprint.database.len == 0;
    judge_give(j, &record);
}

/* What the store keeps of it: the plan, and what indexes there are and could be. */
void
judge_keep_plan(void *ctx, uint64_t fingerprint, const json_t *answer)
{
    static const char *const of_plan[] = {"cost", "table", "rows_read", "rows_returned", "nodes"};
    static const char *const of_answer[] = {"basis", "indexes", "index", "index_reason"};
    struct judge *j = ctx;
    struct statement *s = statement_get(&j->statements, fingerprint);
    const json_t *plan = json_object_get(answer, "plan");
    const char *shape = json_string_value(json_object_get(plan, "shape"));
    if (s == NULL || shape == NULL) {
        return; /* nothing to plan: an INSERT of values */
    }
    s->planned_ns = j->now_ns;
    statement_set_plan(s, plan);
    json_t *o = json_object();
    for (unsigned i = 0; i < ARRAY_LEN(of_plan); i++) {
        json_object_set(o, of_plan[i], json_object_get(plan, of_plan[i]));
    }
    for (unsigned i = 0; i < ARRAY_LEN(of_answer); i++) {
        json_t *value = json_object_get(answer, of_answer[i]);
        json_object_set_new(o, of_answer[i], value == NULL ? json_null() : json_incref(value));
    }
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (text == NULL) {
        return;
    }
    struct stored record = {.kind = STORED_PLAN,
                            .plan = {.fingerprint = fingerprint,
                                     .database = slice_from_str(judge_name(j, s->database)),
                                     .shape = strtoull(shape, NULL, 16),
                                     .seen_wall_ns = judge_wall(j, j->now_ns),
                                     .json = slice_from_str(text)}};
    judge_give(j, &record);
    free(text);
}

/* The text of a member; empty where there is none. */
static struct slice
member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? SLICE_NONE : slice_from_str(text);
}

/* The incident's causes and actions by themselves, as its document has them: what was found and
 * what fixes were worth can then be asked of all incidents at once. */
static void
store_parts(const struct judge *j, const struct incident *inc, const json_t *doc)
{
    size_t i;
    const json_t *o;
    json_array_foreach(json_object_get(doc, "causes"), i, o)
    {
        char *text = json_dumps(o, JSON_COMPACT);
        struct stored record = {.kind = STORED_FINDING,
                                .finding = {inc->id, member(o, "kind"), member(o, "fingerprint"),
                                            member(o, "evidence"), judge_wall(j, inc->updated_ns),
                                            text == NULL ? SLICE_NONE : slice_from_str(text)}};
        judge_give(j, &record);
        free(text);
    }
    json_array_foreach(json_object_get(doc, "actions"), i, o)
    {
        const struct incident_action *a = &inc->action[i];
        char *text = json_dumps(o, JSON_COMPACT);
        struct stored record = {.kind = STORED_FIX,
                                .fix = {inc->id, member(o, "id"), member(o, "state"),
                                        judge_wall(j, a->landed_ns),
                                        a->state == ACTION_PROPOSED ? NAN : a->predicted_ms,
                                        a->state == ACTION_MEASURED ? a->measured_ms : NAN,
                                        text == NULL ? SLICE_NONE : slice_from_str(text)}};
        judge_give(j, &record);
        free(text);
    }
}

static void
store_incident(struct judge *j, struct incident *inc)
{
    json_t *doc = judge_incident_json(j, inc);
    char *text = json_dumps(doc, JSON_COMPACT);
    store_parts(j, inc, doc);
    json_decref(doc);
    /* Before its state is kept: what comes back knows that they were given. */
    for (; inc->stored_timeline < inc->timeline_count; inc->stored_timeline++) {
        const struct incident_entry *e = &inc->timeline[inc->stored_timeline];
        struct stored entry = {.kind = STORED_TIMELINE,
                               .timeline = {inc->id, judge_wall(j, e->at_ns),
                                            slice_from_str(e->kind), slice_from_str(e->text)}};
        judge_give(j, &entry);
    }
    AUTO_BUF struct buf blob;
    buf_init(&blob, 1u << 20);
    if (text == NULL || keep_incident(inc, &j->clock, &blob) != 0) {
        free(text);
        return;
    }
    struct stored record = {
        .kind = STORED_INCIDENT,
        .incident = {inc->id, slice_from_str(incident_state_name(inc->state)),
                     judge_wall(j, inc->opened_ns), judge_wall(j, inc->updated_ns),
                     judge_wall(j, inc->closed_ns), slice_from_str(text), buf_slice(&blob)}};
    judge_give(j, &record);
    free(text);
    judge_store_example(j, inc);
    inc->dirty = false;
}

/* Told, stored and shown at once, not at the next flush. */
void
judge_publish(struct judge *j, struct incident *inc)
{
    inc->updated_ns = MAX(inc->updated_ns, j->now_ns);
    store_incident(j, inc);
    if (j->out.changed != NULL) {
        j->out.changed(j->out.ctx);
    }
}

static void
store_watch(struct judge *j, struct watch *w)
{
    AUTO_BUF struct buf blob, name;
    buf_init(&blob, 1u << 16);
    buf_init(&name, 1024);
    (void)buf_printf(&name, "watch:%s", w->text);
    if (keep_watch(w, &blob) != 0) {
        return;
    }
    struct stored record = {.kind = STORED_STATE, .state = {buf_slice(&name), buf_slice(&blob)}};
    judge_give(j, &record);
    w->base_dirty = false;
}

void
judge_flush(struct judge *j, uint64_t now_ns)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    j->flushed_ns = now_ns;
    series_flush(&j->series, judge_keep_window, j);
    for (unsigned i = 0; i < j->watch_count; i++) {
        if (j->watch[i]->base_dirty) {
            store_watch(j, j->watch[i]);
        }
    }
    judge_keep_shapes(j);
    for (unsigned i = 0; i < j->incident_count; i++) {
        if (j->incident[i]->dirty) {
            store_incident(j, j->incident[i]);
        }
    }
}

void
judge_end(struct judge *j, uint64_t now_ns)
{
    judge_flush(j, now_ns);
    judge_monitor_keep(j);
}

static int
restore_incident(struct judge *j, const struct stored_incident *in)
{
    struct incident *inc = NULL;
    j->next_id = MAX(j->next_id, in->id + 1);
    if (j->incident_count < JUDGE_INCIDENTS_MAX &&
        keep_incident_back(in->blob, &j->clock, &inc) == 0) {
        for (unsigned i = 0; i < j->watch_count; i++) {
            inc->watch = strcmp(j->watch[i]->text, inc->subject) == 0 ? j->watch[i] : inc->watch;
        }
        unsigned at = j->incident_count++; /* oldest first, in whatever order they come */
        for (; at > 0 && j->incident[at - 1]->id > inc->id; at--) {
            j->incident[at] = j->incident[at - 1];
        }
        j->incident[at] = inc;
        return 0;
    }
    json_t *doc = json_loadb((const char *)in->json.ptr, in->json.len, 0, NULL);
    if (!json_is_object(doc) || json_array_size(j->archive) >= JUDGE_INCIDENTS_MAX) {
        json_decref(doc);
        return -EBADMSG;
    }
    json_array_append_new(j->archive, doc);
    return 0;
}

static int
restore_state(struct judge *j, const struct stored_state *in)
{
    struct slice prefix = SLICE_LIT("watch:");
    if (judge_restore_mutes(j, in)) {
        return 0;
    }
    int r = judge_monitor_restore(j, in);
    r = r == -ENOENT ? judge_restore_shapes(j, in) : r;
    if (r != -ENOENT) {
        return r;
    }
    if (!slice_starts_with_ci(in->name, prefix)) {
        return -EBADMSG;
    }
    struct slice text = slice_sub(in->name, prefix.len, in->name.len);
    struct watch *w =
        judge_watch_of(j, slice_sub(text, 0, sizeof(w->text) - 1), ROUTE_BASIS_PATH, 0);
    return w == NULL || w->recent.requests > 0 ? -EBADMSG : keep_watch_back(in->blob, w);
}

static void
restore_window(struct judge *j, const struct stored_window *in)
{
    enum series_kind kind = in->route.len == 0 && in->fingerprint == STORED_LOGINS ? SERIES_LOGINS
                            : in->route.len == 0   ? SERIES_STATEMENT
                            : in->fingerprint == 0 ? SERIES_ROUTE
                                                   : SERIES_BOTH;
    const char *route = NULL;
    if (in->route.len > 0) {
        struct watch *w =
            judge_watch_of(j, slice_sub(in->route, 0, sizeof(w->text) - 1), ROUTE_BASIS_PATH, 0);
        route = w == NULL ? "other" : w->text;
    }
    uint32_t database = in->database.len == 0 ? 0 : (uint32_t)hash_bytes(in->database);
    struct intake_name name = {database, NAME_DATABASE, in->database};
    if (in->database.len > 0) {
        judge_add_name(j, &name);
    }
    struct series *s = series_get(&j->series, kind, route, in->fingerprint, database);
    series_place(s, in->upstream);
    struct series_sums sums = {.calls = in->calls,
                               .errors = in->errors,
                               .rows = in->rows,
                               .time_ns = in->time_ns,
                               .max_ns = in->max_ns,
                               .oldest_ns = in->oldest_ns,
                               .amounts = in->amounts};
    memcpy(sums.errors_by_class, in->errors_by_class, sizeof(sums.errors_by_class));
    struct sketch sketch = {0};
    (void)!sketch_load(in->sketch, &sketch); /* a damaged one: its sums count all the same */
    series_restore(s, &sums, &sketch, in->start_wall_ns);
    sketch_fini(&sketch);
    if (kind == SERIES_ROUTE) {
        s->ties.requests += in->calls;
    } else if (kind == SERIES_BOTH) {
        struct series *of = series_get(&j->series, SERIES_ROUTE, route, 0, 0);
        of->ties.queries += (double)in->calls;
        of->ties.db_ns += (double)in->time_ns;
    }
}

/* The monitor learns of it from the store's history. One that the clock says is still to come is
 * none: it was set back. */
static void
restore_deploy(struct judge *j, const struct stored_deploy *in)
{
    struct history_deploy read;
    uint64_t now_wall_ns = judge_wall(j, j->now_ns);
    if (in->at_wall_ns > now_wall_ns || !wall_clock_reaches(&j->clock, in->at_wall_ns)) {
        return;
    }
    struct judge_deploy_mark *d = &j->deploy[j->deploy_count++ % JUDGE_DEPLOYS_MAX];
    slice_to_str(in->name, d->name, sizeof(d->name));
    d->at_ns = wall_clock_back(&j->clock, in->at_wall_ns);
    free(d->names);
    d->names = check_alloc(1, in->affects.len + 1);
    slice_to_str(in->affects, d->names, in->affects.len + 1);
    history_deploy_make(in, &read);
    affects_make(&d->affects, &read);
}

int
judge_restore(struct judge *j, const struct stored *record)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    switch (record->kind) {
    case STORED_INCIDENT:
        return restore_incident(j, &record->incident);
    case STORED_STATE:
        return restore_state(j, &record->state);
    case STORED_TRACE:
        return judge_restore_trace(j, &record->trace);
    case STORED_WINDOW:
        restore_window(j, &record->window);
        return 0;
    case STORED_DEPLOY:
        restore_deploy(j, &record->deploy);
        return 0;
    case STORED_FINGERPRINT: {
        const struct stored_fingerprint *f = &record->fingerprint;
        uint32_t database = (uint32_t)hash_bytes(f->database);
        struct intake_name name = {database, NAME_DATABASE, f->database};
        judge_add_name(j, &name);
        (void)statement_add(&j->statements, f->fingerprint, database, f->kind, f->text, 1);
        return 0;
    }
    default:
        return 0;
    }
}
