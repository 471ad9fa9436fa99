/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/subscribe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus/ring.h"

struct subscription {
    struct ring_consumer *ring;
    unsigned source;
    uint64_t seq;    /* expected next */
    uint64_t missed; /* since the last one that was handed on */
    bool resumed;    /* another consumer has read from it: the first seq is whatever comes */
    bool former;     /* its source has new rings or is gone: goes once it is empty */
};

struct subscriber {
    /* In the order of attaching; the first are the oldest. */
    struct subscription subs[SUBSCRIBER_RINGS_MAX];
    size_t count;
    struct subscriber_totals totals;
};

int
subscriber_new(struct subscriber **ret_subscriber)
{
    *ret_subscriber = check_alloc(1, sizeof(**ret_subscriber));
    return 0;
}

static void
detach(struct subscriber *s, size_t at)
{
    ring_consumer_free(&s->subs[at].ring);
    memmove(&s->subs[at], &s->subs[at + 1], (s->count - at - 1) * sizeof(s->subs[0]));
    s->count--;
}

void
subscriber_free(struct subscriber **subscriber)
{
    struct subscriber *s = TAKE(*subscriber);
    if (s == NULL) {
        return;
    }
    while (s->count > 0) {
        detach(s, s->count - 1);
    }
    free(s);
}

static void
close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
}

void
subscriber_retire(struct subscriber *s, unsigned source)
{
    for (size_t i = 0; i < s->count; i++) {
        s->subs[i].former = s->subs[i].former || s->subs[i].source == source;
    }
}

/* Room for so many more: what is replaced already gives way before what is not. */
static void
make_room(struct subscriber *s, unsigned count)
{
    while (s->count + count > SUBSCRIBER_RINGS_MAX) {
        size_t at = 0;
        while (at < s->count && !s->subs[at].former) {
            at++;
        }
        detach(s, at < s->count ? at : 0);
        s->totals.abandoned++;
    }
}

/* The one that reads this ring; NULL: nobody. Two readers would count everything twice. */
static struct subscription *
reader_of(struct subscriber *s, const struct ring_consumer *ring)
{
    for (size_t i = 0; i < s->count; i++) {
        if (ring_consumer_is_same(s->subs[i].ring, ring)) {
            return &s->subs[i];
        }
    }
    return NULL;
}

int
subscriber_attach(struct subscriber *s, unsigned source, const int *fds, unsigned fd_count,
                  struct diag *diag)
{
    if (fd_count == 0 || fd_count % 2 != 0 || fd_count > 2 * SUBSCRIBER_WORKERS_MAX) {
        close_all(fds, fd_count);
        return diag_set(diag, -EBADMSG, "%u descriptors are not one or more rings", fd_count);
    }
    struct ring_consumer *rings[SUBSCRIBER_WORKERS_MAX] = {0};
    unsigned count = fd_count / 2;
    for (unsigned i = 0; i < count; i++) {
        int r = ring_consumer_new(fds[2 * i], fds[2 * i + 1], diag, &rings[i]);
        if (r < 0) {
            close_all(fds + 2 * i + 2, fd_count - 2 * i - 2);
            while (i > 0) {
                ring_consumer_free(&rings[--i]);
            }
            return r;
        }
    }
    subscriber_retire(s, source);
    s->totals.attached++;
    s->totals.epoch = ring_consumer_generation(rings[0]);
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        struct subscription *reader = reader_of(s, rings[i]);
        if (reader != NULL) {
            reader->former = false;
            ring_consumer_free(&rings[i]);
        } else {
            rings[kept++] = rings[i];
        }
    }
    make_room(s, kept);
    for (unsigned i = 0; i < kept; i++) {
        bool resumed = !ring_consumer_is_first(rings[i]);
        s->subs[s->count++] =
            (struct subscription){.ring = TAKE(rings[i]), .source = source, .resumed = resumed};
    }
    return 0;
}

enum outcome { OUTCOME_EMPTY, OUTCOME_MORE, OUTCOME_BROKEN };

static enum outcome
poll_one(struct subscriber *s, struct subscription *sub, size_t records_max,
         subscriber_event_cb *on_event, void *ctx, size_t *ret_taken)
{
    *ret_taken = 0;
    while (*ret_taken < records_max) {
        struct slice record;
        int r = ring_next(sub->ring, &record);
        if (r <= 0) {
            return r < 0 ? OUTCOME_BROKEN : OUTCOME_EMPTY;
        }
        union event ev;
        struct slice tail;
        r = event_read(record, &ev, &tail);
        if (r == -ENOENT) {
            memcpy(&ev.head, record.ptr, sizeof(ev.head));
            s->totals.skipped++;
        } else if (r < 0) {
            return OUTCOME_BROKEN;
        }
        if (ev.head.seq < sub->seq) {
            return OUTCOME_BROKEN;
        }
        uint64_t missing = sub->resumed ? 0 : ev.head.seq - sub->seq;
        s->totals.missing += missing;
        sub->missed += missing;
        sub->resumed = false;
        sub->seq = ev.head.seq + 1;
        if (r == 0) {
            s->totals.received++;
            ev.head.missed = (uint16_t)MIN(sub->missed, UINT16_MAX);
            sub->missed = 0;
            on_event(ctx, &ev, tail);
        }
        (*ret_taken)++;
    }
    return OUTCOME_MORE;
}

size_t
subscriber_poll(struct subscriber *s, size_t records_max, subscriber_event_cb *on_event, void *ctx)
{
    size_t total = 0;
    for (size_t i = 0; i < s->count;) {
        struct subscription *sub = &s->subs[i];
        size_t taken;
        enum outcome outcome = poll_one(s, sub, records_max, on_event, ctx, &taken);
        total += taken;
        if (outcome == OUTCOME_BROKEN) {
            s->totals.broken++;
            detach(s, i);
        } else if (outcome == OUTCOME_EMPTY && (sub->former || ring_is_ended(sub->ring))) {
            detach(s, i);
        } else {
            ring_release(sub->ring);
            i++;
        }
    }
    return total;
}

struct subscriber_totals
subscriber_totals(const struct subscriber *s)
{
    struct subscriber_totals t = s->totals;
    t.rings = (uint32_t)s->count;
    return t;
}
