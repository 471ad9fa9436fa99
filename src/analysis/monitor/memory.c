/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/monitor/memory.h"

#include <errno.h>

#include "analysis/lane/creep.h"
#include "analysis/monitor/monitor_state.h"
#include "base/hash.h"

#define RECENT_MIN   60u         /* each piece is written once an hour */
#define MEMORY_MAGIC 0x6d656d38u /* changes with the meaning of what is in a row */

struct memory_row {
    uint64_t key;
    struct noise noise;
    struct noise_past past;
    struct rise rise;
    struct rise_past rise_past;
    struct creep_past creep_past;
    struct slope by_load, by_common;
    float off90, off99;
    struct recur blips, bursts;
    uint32_t day; /* that is today's of these */
};

struct memory_head {
    uint32_t magic, row_size;
    uint32_t count, minute; /* since 1970, when it was saved */
    uint64_t sum;           /* of all that follows */
};

unsigned
memory_pieces(const struct monitor *m)
{
    return (m->panel.tracks.count + MEMORY_SERIES - 1) / MEMORY_SERIES;
}

static void
put_row(struct buf *b, const struct track *t)
{
    struct memory_row row;
    memset(&row, 0, sizeof(row)); /* padding, too */
    row.key = t->key;
    row.noise = t->noise;
    row.past = t->past->noise;
    row.rise = t->rise;
    row.rise_past = t->past->rise;
    row.creep_past = t->past->creep;
    row.by_load = t->by_load;
    row.by_common = t->by_common;
    row.off90 = t->off90;
    row.off99 = t->off99;
    row.blips = t->past->blips;
    row.bursts = t->past->bursts;
    row.day = t->day;
    (void)buf_append(b, slice_of(&row, sizeof(row)));
}

int
memory_save(const struct monitor *m, unsigned piece, struct buf *b)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    AUTO_BUF struct buf rows;
    unsigned from = piece * MEMORY_SERIES;
    unsigned to = MIN(from + MEMORY_SERIES, m->panel.tracks.count);
    buf_init(&rows, (MEMORY_SERIES + 1) * sizeof(struct memory_row));
    put_row(&rows, m->panel.tracks.common); /* with every piece: it is the same for all */
    for (unsigned i = from; i < to; i++) {
        put_row(&rows, &m->panel.tracks.of[i]);
    }
    struct slice body = buf_slice(&rows);
    struct memory_head head = {MEMORY_MAGIC, sizeof(struct memory_row),
                               (uint32_t)(body.len / sizeof(struct memory_row)),
                               (uint32_t)(m->panel.step_s / 60), hash_bytes(body)};
    (void)buf_append(b, slice_of(&head, sizeof(head)));
    (void)buf_append(b, body);
    return buf_overflowed(&rows) || buf_overflowed(b) ? -E2BIG : 0;
}

/* Whoever has seen more days. One of which a part was not seen is not learned. */
static void
take_recur(struct recur *r, const struct recur *was, const struct track *t, uint32_t day,
           bool is_recent)
{
    if (was->days <= r->days) {
        return;
    }
    *r = *was;
    r->is_whole[0] = r->is_whole[0] && is_recent && day == t->day;
    if (day < t->day) {
        recur_day(r, false, t->episode == NULL);
    }
}

static void
take_row(struct track *t, const struct memory_row *row, uint32_t minute, bool is_recent)
{
    /* Not what is expected by now. A call has errors, but no noise of its own. */
    if (t != NULL && minute >= t->past->recur_min) {
        take_recur(&t->past->blips, &row->blips, t, row->day, is_recent);
        take_recur(&t->past->bursts, &row->bursts, t, row->day, is_recent);
    }
    if (t == NULL || row->noise.blocks_seen <= t->noise.blocks_seen) {
        return;
    }
    t->noise = row->noise;
    t->past->noise = row->past;
    t->rise = row->rise;
    t->past->rise = row->rise_past;
    creep_remember(t, &row->creep_past);
    t->by_load = row->by_load;
    t->by_common = row->by_common;
    t->off90 = row->off90;
    t->off99 = row->off99;
}

int
memory_load(struct monitor *m, struct slice blob)
{
    OBJ_CHECK(m, MONITOR_MAGIC);
    struct memory_head head;
    if (blob.len < sizeof(head)) {
        return -EBADMSG;
    }
    memcpy(&head, blob.ptr, sizeof(head));
    struct slice body = slice_sub(blob, sizeof(head), blob.len);
    if (head.magic != MEMORY_MAGIC || head.row_size != sizeof(struct memory_row) ||
        body.len != (size_t)head.count * sizeof(struct memory_row) ||
        head.sum != hash_bytes(body)) {
        return -EBADMSG;
    }
    bool is_recent = m->panel.step_s / 60 <= (int64_t)head.minute + RECENT_MIN;
    for (unsigned i = 0; i < head.count; i++) {
        struct memory_row row;
        memcpy(&row, body.ptr + i * sizeof(row), sizeof(row));
        take_row(tracks_by_key(&m->panel.tracks, row.key), &row, head.minute, is_recent);
    }
    return 0;
}
