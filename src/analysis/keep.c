/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/keep.h"

#include <errno.h>
#include <stdlib.h>

#define KEEP_INCIDENT_MAGIC 0x69736231u /* changes with struct incident's meaning */
#define KEEP_WATCH_MAGIC    0x77736231u

struct keep_head {
    uint32_t magic;
    uint32_t size;
    uint64_t wall_offset_ns;
};

int
keep_incident(const struct incident *inc, uint64_t wall_offset_ns, struct buf *b)
{
    struct keep_head head = {KEEP_INCIDENT_MAGIC, sizeof(*inc), wall_offset_ns};
    struct incident *copy = check_alloc(1, sizeof(*copy));
    memcpy(copy, inc, sizeof(*copy));
    copy->watch = NULL;
    int err = buf_append(b, slice_of(&head, sizeof(head)));
    if (err == 0) {
        err = buf_append(b, slice_of(copy, sizeof(*copy)));
    }
    free(copy);
    return err;
}

static void
move_time(uint64_t *t, int64_t by)
{
    if (*t != 0) {
        *t = by < 0 && *t <= (uint64_t)-by ? 1 : *t + (uint64_t)by;
    }
}

static void
move_times(struct incident *inc, int64_t by)
{
    uint64_t *const times[] = {&inc->onset_ns,     &inc->opened_ns,       &inc->updated_ns,
                               &inc->closed_ns,    &inc->acknowledged_ns, &inc->recovered_ns,
                               &inc->calm_ns,      &inc->deploy_ns,       &inc->before.from_ns,
                               &inc->before.to_ns, &inc->now.from_ns,     &inc->now.to_ns};
    for (unsigned i = 0; i < ARRAY_LEN(times); i++) {
        move_time(times[i], by);
    }
    for (unsigned i = 0; i < inc->timeline_count; i++) {
        move_time(&inc->timeline[i].at_ns, by);
    }
    for (unsigned i = 0; i < inc->action_count; i++) {
        move_time(&inc->action[i].landed_ns, by);
    }
}

static bool
counts_fit(const struct incident *inc)
{
    bool fits =
        inc->cause_count <= INCIDENT_CAUSES_MAX && inc->action_count <= INCIDENT_ACTIONS_MAX &&
        inc->change_count <= INCIDENT_CHANGES_MAX && inc->victim_count <= INCIDENT_VICTIMS_MAX &&
        inc->timeline_count <= INCIDENT_TIMELINE_MAX &&
        inc->ruled_out_count <= INCIDENT_RULED_MAX &&
        inc->together_count <= INCIDENT_TOGETHER_MAX &&
        inc->before.query_count <= STATS_QUERIES_MAX && inc->now.query_count <= STATS_QUERIES_MAX &&
        (unsigned)inc->state <= INCIDENT_CLOSED;
    for (unsigned i = 0; fits && i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        fits = f->tables.count <= STATEMENT_NAMES_MAX && f->columns.count <= STATEMENT_NAMES_MAX &&
               (unsigned)f->kind < FINDING_COUNT && (unsigned)f->evidence <= EVIDENCE_PROVED;
    }
    for (unsigned i = 0; fits && i < inc->action_count; i++) {
        fits = (unsigned)inc->action[i].kind <= ACTION_CACHE &&
               (unsigned)inc->action[i].state <= ACTION_MEASURED;
    }
    return fits;
}

int
keep_incident_back(struct slice blob, uint64_t wall_offset_ns, struct incident **ret_incident)
{
    struct keep_head head;
    if (blob.len != sizeof(head) + sizeof(struct incident)) {
        return -EBADMSG;
    }
    memcpy(&head, blob.ptr, sizeof(head));
    if (head.magic != KEEP_INCIDENT_MAGIC || head.size != sizeof(struct incident)) {
        return -EBADMSG;
    }
    struct incident *inc = check_alloc(1, sizeof(*inc));
    memcpy(inc, blob.ptr + sizeof(head), sizeof(*inc));
    inc->watch = NULL;
    if (!counts_fit(inc)) {
        free(inc);
        return -EBADMSG;
    }
    int64_t by = (int64_t)(head.wall_offset_ns - wall_offset_ns);
    if (by > 60000000000 || by < -60000000000) { /* less is the wall clock being set */
        move_times(inc, by);
    }
    *ret_incident = inc;
    return 0;
}

int
keep_watch(const struct watch *w, struct buf *b)
{
    struct keep_head head = {KEEP_WATCH_MAGIC, sizeof(struct stats), w->known_count};
    uint8_t flags[8] = {w->guessed ? 1 : 0, w->method};
    (void)buf_append(b, slice_of(&head, sizeof(head)));
    (void)buf_append(b, slice_of(flags, sizeof(flags)));
    size_t used = offsetof(struct stats, q) + w->base.query_count * sizeof(w->base.q[0]);
    (void)buf_append(b, slice_of(&w->base, used));
    for (unsigned i = 0; i < w->known_count; i++) {
        uint64_t fingerprint = w->known[i].fingerprint;
        (void)buf_append(b, slice_of(&fingerprint, sizeof(fingerprint)));
    }
    return buf_overflowed(b) ? -E2BIG : 0;
}

int
keep_watch_back(struct slice blob, struct watch *w)
{
    struct keep_head head;
    struct stats base = {0};
    size_t fixed = sizeof(head) + 8;
    if (blob.len < fixed + offsetof(struct stats, q)) {
        return -EBADMSG;
    }
    memcpy(&head, blob.ptr, sizeof(head));
    memcpy(&base, blob.ptr + fixed, offsetof(struct stats, q));
    size_t queries = base.query_count * sizeof(base.q[0]);
    size_t known = head.wall_offset_ns;
    if (head.magic != KEEP_WATCH_MAGIC || head.size != sizeof(struct stats) ||
        base.query_count > STATS_QUERIES_MAX || known > WATCH_KNOWN_MAX ||
        blob.len != fixed + offsetof(struct stats, q) + queries + known * sizeof(uint64_t)) {
        return -EBADMSG;
    }
    memcpy(base.q, blob.ptr + fixed + offsetof(struct stats, q), queries);
    base.from_ns = base.to_ns = 0; /* of another run */
    w->guessed = blob.ptr[sizeof(head)] != 0;
    w->method = blob.ptr[sizeof(head) + 1];
    w->base = base;
    w->base_restored = base.n > 0;
    for (size_t i = 0; i < known; i++) {
        uint64_t fingerprint;
        memcpy(&fingerprint, blob.ptr + blob.len - (known - i) * sizeof(fingerprint),
               sizeof(fingerprint));
        watch_know(w, fingerprint);
    }
    return 0;
}
