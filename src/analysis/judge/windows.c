/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows of 1 s and 10 s as slowburn-windows(5) has them, for whoever looks at a burst. */
#include <errno.h>
#include <inttypes.h>

#include "analysis/judge/state.h"
#include "analysis/window/history.h"
#include "base/clock.h"

#define END_MAX 256u /* what follows the list */

/* What is being written. */
struct answer {
    struct judge *j;
    enum fine_length length;
    unsigned deploy; /* the next one to tell of */
    unsigned lines;
    uint64_t left_out; /* windows of series, for want of room */
    struct buf *text;
};

static struct stored_window
window_of(const struct answer *a, const struct fine_window *w, const struct fine_record *r)
{
    uint32_t length_s = fine_seconds(a->length);
    struct stored_window stored = {
        .start_wall_ns = w->number * length_s * NS_PER_S,
        .length_s = length_s,
        .upstream = r->upstream,
        .database = slice_from_str(judge_name(a->j, r->id.database)),
        .route = slice_from_str(r->id.route),
        .fingerprint = r->id.fingerprint,
        .calls = r->sums.calls,
        .errors = r->sums.errors,
        .rows = r->sums.rows,
        .time_ns = r->sums.time_ns,
        .max_ns = r->sums.max_ns,
        .sketch = r->sketch,
        .amounts = r->sums.amounts,
    };
    memcpy(stored.errors_by_class, r->sums.errors_by_class, sizeof(stored.errors_by_class));
    return stored;
}

/* As an element of the list. A line that does not fit is taken back. */
static void
put_line(struct answer *a, const struct reading *r, const struct history_deploy *d)
{
    size_t before = a->text->len;
    if (a->lines > 0) {
        (void)buf_append_byte(a->text, ',');
    }
    int err = r != NULL ? history_write(r, a->text) : history_write_deploy(d, a->text);
    if (err == 0 && a->text->len <= JUDGE_DOCUMENT_MAX - END_MAX) {
        if (a->text->data[a->text->len - 1] == '\n') {
            a->text->len--;
        }
        a->lines++;
    } else {
        a->text->len = before;
        a->text->overflowed = false;
        a->left_out++;
    }
}

/* Those before end_ns that were not told of yet. */
static void
put_deploys(struct answer *a, uint64_t end_ns)
{
    const struct judge *j = a->j;
    for (; a->deploy < j->deploy_count; a->deploy++) {
        const struct judge_deploy_mark *d = &j->deploy[a->deploy % JUDGE_DEPLOYS_MAX];
        uint64_t at_ns = judge_wall(j, d->at_ns);
        if (at_ns >= end_ns) {
            return;
        }
        const struct stored_deploy stored = {.name = slice_from_str(d->name),
                                             .at_wall_ns = at_ns,
                                             .affects = slice_from_str(d->names)};
        struct history_deploy line;
        history_deploy_make(&stored, &line);
        put_line(a, NULL, &line);
    }
}

static void
put_window(struct answer *a, const struct fine_window *w)
{
    struct fine_record record;
    struct reading r;
    put_deploys(a, (w->number + 1) * fine_seconds(a->length) * NS_PER_S);
    for (size_t at = 0; fine_next(w, &at, &record);) {
        struct stored_window stored = window_of(a, w, &record);
        const struct statement *st = statement_get(&a->j->statements, record.id.fingerprint);
        if (reading_make(&a->j->long_term.maker, &stored,
                         slice_from_str(st == NULL ? NULL : st->text), &r)) {
            put_line(a, &r, NULL);
        }
    }
}

static void
skip_deploys(struct answer *a, uint64_t since_s)
{
    const struct judge *j = a->j;
    a->deploy = j->deploy_count - MIN(j->deploy_count, JUDGE_DEPLOYS_MAX);
    while (a->deploy < j->deploy_count &&
           judge_wall(j, j->deploy[a->deploy % JUDGE_DEPLOYS_MAX].at_ns) / NS_PER_S < since_s) {
        a->deploy++;
    }
}

int
judge_windows(struct judge *j, uint64_t now_ns, uint32_t length_s, uint64_t since_s,
              struct buf *ret_json)
{
    OBJ_CHECK(j, JUDGE_MAGIC);
    struct answer a = {.j = j, .length = length_s == 1 ? FINE_1S : FINE_10S, .text = ret_json};
    size_t before = ret_json->len;
    if (length_s != fine_seconds(a.length)) {
        return -EINVAL;
    }
    fine_turn(&j->fine, judge_wall(j, MAX(j->now_ns, now_ns)));
    unsigned count = fine_count(&j->fine, a.length), i = 0;
    while (i < count && fine_get(&j->fine, a.length, i)->number * length_s < since_s) {
        i++;
    }
    skip_deploys(&a, since_s);
    (void)buf_printf(ret_json, "{\"len\":%" PRIu32 ",\"windows\":[", length_s);
    uint64_t next_s = since_s;
    for (; i < count; i++) {
        const struct fine_window *w = fine_get(&j->fine, a.length, i);
        bool is_part = next_s == (w->number + 1) * length_s; /* of the one before: not without it */
        if (!is_part && ret_json->len - before >= JUDGE_WINDOWS_BYTES) {
            break;
        }
        put_window(&a, w);
        next_s = (w->number + 1) * length_s;
    }
    return buf_printf(ret_json, "],\"next\":%" PRIu64 ",\"more\":%s,\"left_out\":%" PRIu64 "}",
                      next_s, i < count ? "true" : "false", a.left_out);
}
