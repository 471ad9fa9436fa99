/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/keep.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define KEEP_INCIDENT_MAGIC 0x6973633bu /* changes with struct incident's meaning */
#define KEEP_WATCH_MAGIC    0x77736332u
#define KEEP_SINGLE_TIMES   19u
#define KEEP_TIMES_MAX      (KEEP_SINGLE_TIMES + INCIDENT_TIMELINE_MAX + INCIDENT_ACTIONS_MAX)

struct keep_head {
    uint32_t magic;
    uint32_t size;
    uint64_t wall_offset_ns; /* to be added to an incident's times; 0: they are wall clock */
    uint64_t count;          /* of a watch: its known statements */
    uint64_t sum;            /* hash of these two and of all that follows */
};

static uint64_t
sum_of(uint64_t wall_offset_ns, uint64_t count, struct slice body)
{
    return hash_combine(hash_combine(hash_bytes(body), wall_offset_ns), count);
}

/* The head in front of what `body` holds. */
static int
keep(uint32_t magic, size_t size, uint64_t count, struct slice body, struct buf *b)
{
    struct keep_head head = {magic, (uint32_t)size, 0, count, sum_of(0, count, body)};
    int err = buf_append(b, slice_of(&head, sizeof(head)));
    return err == 0 ? buf_append(b, body) : err;
}

/* The head, and what is behind it. */
static int
keep_back(struct slice blob, uint32_t magic, size_t size, struct keep_head *ret_head,
          struct slice *ret_body)
{
    struct keep_head head;
    if (blob.len < sizeof(head)) {
        return -EBADMSG;
    }
    memcpy(&head, blob.ptr, sizeof(head));
    struct slice body = slice_sub(blob, sizeof(head), blob.len);
    if (head.magic != magic || head.size != size ||
        head.sum != sum_of(head.wall_offset_ns, head.count, body)) {
        return -EBADMSG;
    }
    *ret_head = head;
    *ret_body = body;
    return 0;
}

/* All of its instants. */
static unsigned
times_of(struct incident *inc, uint64_t *list[KEEP_TIMES_MAX])
{
    uint64_t *const single[KEEP_SINGLE_TIMES] = {
        &inc->onset_ns,           &inc->onset_from_ns, &inc->onset_to_ns,
        &inc->opened_ns,          &inc->updated_ns,    &inc->closed_ns,
        &inc->acknowledged_ns,    &inc->recovered_ns,  &inc->calm_ns,
        &inc->announced_ns,       &inc->deploy_ns,     &inc->before.from_ns,
        &inc->before.to_ns,       &inc->now.from_ns,   &inc->now.to_ns,
        &inc->after.from_ns,      &inc->after.to_ns,   &inc->episode.onset_from_ns,
        &inc->episode.onset_to_ns};
    unsigned n = 0;
    for (unsigned i = 0; i < ARRAY_LEN(single); i++) {
        list[n++] = single[i];
    }
    for (unsigned i = 0; i < inc->timeline_count; i++) {
        list[n++] = &inc->timeline[i].at_ns;
    }
    for (unsigned i = 0; i < inc->action_count; i++) {
        list[n++] = &inc->action[i].landed_ns;
    }
    return n;
}

int
keep_incident(const struct incident *inc, const struct wall_clock *clock, struct buf *b)
{
    uint64_t *list[KEEP_TIMES_MAX];
    struct incident *copy = check_alloc(1, sizeof(*copy));
    memcpy(copy, inc, sizeof(*copy));
    copy->watch = NULL;
    unsigned n = times_of(copy, list);
    for (unsigned i = 0; i < n; i++) {
        *list[i] = wall_clock_of(clock, *list[i]);
    }
    int err = keep(KEEP_INCIDENT_MAGIC, sizeof(*copy), 0, slice_of(copy, sizeof(*copy)), b);
    free(copy);
    return err;
}

/* offset_ns: what makes wall clock of its times. False: some of them are too old. */
static bool
times_back(struct incident *inc, uint64_t offset_ns, const struct wall_clock *clock)
{
    uint64_t *list[KEEP_TIMES_MAX];
    unsigned n = times_of(inc, list);
    bool reaches = true;
    for (unsigned i = 0; i < n; i++) {
        uint64_t wall_ns = *list[i] == 0 ? 0 : *list[i] + offset_ns;
        reaches = reaches && wall_clock_reaches(clock, wall_ns);
        *list[i] = wall_clock_back(clock, wall_ns);
    }
    return reaches;
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
        inc->after.query_count <= STATS_QUERIES_MAX &&
        inc->before.block_count <= STATS_BLOCKS_MAX && inc->now.block_count <= STATS_BLOCKS_MAX &&
        inc->after.block_count <= STATS_BLOCKS_MAX && (unsigned)inc->state <= INCIDENT_CLOSED &&
        (unsigned)inc->deploy_overlap <= OVERLAP_ANSWERS;
    for (unsigned i = 0; fits && i < inc->cause_count; i++) {
        const struct finding *f = &inc->cause[i].finding;
        fits = f->tables.count <= STATEMENT_NAMES_MAX && f->columns.count <= STATEMENT_NAMES_MAX &&
               f->block.chain_count <= WAITING_CHAIN_MAX && (unsigned)f->kind < FINDING_COUNT &&
               (unsigned)f->evidence <= EVIDENCE_PROVED;
    }
    for (unsigned i = 0; fits && i < inc->action_count; i++) {
        fits = (unsigned)inc->action[i].kind <= ACTION_CACHE &&
               (unsigned)inc->action[i].state <= ACTION_MEASURED;
    }
    return fits;
}

int
keep_incident_back(struct slice blob, const struct wall_clock *clock,
                   struct incident **ret_incident)
{
    struct keep_head head;
    struct slice body;
    if (keep_back(blob, KEEP_INCIDENT_MAGIC, sizeof(struct incident), &head, &body) != 0 ||
        body.len != sizeof(struct incident)) {
        return -EBADMSG;
    }
    struct incident *inc = check_alloc(1, sizeof(*inc));
    memcpy(inc, body.ptr, sizeof(*inc));
    inc->watch = NULL;
    if (!counts_fit(inc)) {
        free(inc);
        return -EBADMSG;
    }
    if (!times_back(inc, head.wall_offset_ns, clock)) {
        free(inc);
        return -ERANGE;
    }
    *ret_incident = inc;
    return 0;
}

int
keep_watch(const struct watch *w, struct buf *b)
{
    AUTO_BUF struct buf body;
    buf_init(&body, 1u << 16);
    uint8_t flags[8] = {(uint8_t)w->basis, w->method};
    (void)buf_append(&body, slice_of(flags, sizeof(flags)));
    size_t used = offsetof(struct stats, q) + w->base.query_count * sizeof(w->base.q[0]);
    (void)buf_append(&body, slice_of(&w->base, used));
    for (unsigned i = 0; i < w->known_count; i++) {
        uint64_t fingerprint = w->known[i].fingerprint;
        (void)buf_append(&body, slice_of(&fingerprint, sizeof(fingerprint)));
    }
    if (buf_overflowed(&body)) {
        return -E2BIG;
    }
    return keep(KEEP_WATCH_MAGIC, sizeof(struct stats), w->known_count, buf_slice(&body), b);
}

int
keep_watch_back(struct slice blob, struct watch *w)
{
    struct keep_head head;
    struct slice body;
    struct stats base = {0};
    size_t flags = 8, fixed = flags + offsetof(struct stats, q);
    if (keep_back(blob, KEEP_WATCH_MAGIC, sizeof(struct stats), &head, &body) != 0 ||
        body.len < fixed) {
        return -EBADMSG;
    }
    memcpy(&base, body.ptr + flags, offsetof(struct stats, q));
    size_t queries = base.query_count * sizeof(base.q[0]);
    if (base.query_count > STATS_QUERIES_MAX || base.block_count > STATS_BLOCKS_MAX ||
        head.count > WATCH_KNOWN_MAX ||
        body.len != fixed + queries + head.count * sizeof(uint64_t)) {
        return -EBADMSG;
    }
    memcpy(base.q, body.ptr + fixed, queries);
    base.from_ns = base.to_ns = 0; /* of another run */
    w->basis = body.ptr[0] < ROUTE_BASIS_COUNT ? (enum route_basis)body.ptr[0] : ROUTE_BASIS_PATH;
    w->method = body.ptr[1];
    w->base = base;
    w->base_restored = base.n > 0;
    for (size_t i = 0; i < head.count; i++) {
        uint64_t fingerprint;
        memcpy(&fingerprint, body.ptr + fixed + queries + i * sizeof(fingerprint),
               sizeof(fingerprint));
        watch_know(w, fingerprint);
    }
    return 0;
}
