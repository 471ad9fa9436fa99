/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/server_timing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum state {
    STATE_FREE,
    STATE_OPEN,
    STATE_CLOSED, /* its place can be taken; until then its traceparent is known */
};

struct request {
    struct server_timing_key key;
    uint8_t state;    /* enum state */
    bool is_unclear;  /* whose its queries are, or which of them were run */
    uint32_t number;  /* of the set's requests, in their order */
    uint32_t blinded; /* as it was when it was opened */
    uint32_t ended;
    uint32_t under_way;
    uint64_t took_ns;
};

struct set {
    pthread_mutex_t mutex; /* guards those below */
    uint32_t last_number;
    struct request request[SERVER_TIMING_WAYS];
};

struct server_timing {
    struct hash_key hash_key;
    _Atomic uint32_t blind;   /* reasons why queries may pass unseen now */
    _Atomic uint32_t blinded; /* how many there have been in all */
    size_t mask;
    struct set set[];
};

struct server_timing *
server_timing_new(uint32_t requests_max, struct hash_key hash_key)
{
    /* A quarter full when all of them are under way: then one in 4,000 finds its set full. */
    size_t count = 4;
    while (count < (size_t)requests_max * 4 / SERVER_TIMING_WAYS) {
        count *= 2;
    }
    struct server_timing *t = calloc(1, sizeof(*t) + count * sizeof(t->set[0]));
    if (t == NULL) {
        return NULL;
    }
    t->hash_key = hash_key;
    t->mask = count - 1;
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_init(&t->set[i].mutex, NULL);
    }
    return t;
}

void
server_timing_free(struct server_timing **timing)
{
    struct server_timing *t = TAKE(*timing);
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i <= t->mask; i++) {
        pthread_mutex_destroy(&t->set[i].mutex);
    }
    free(t);
}

/* Clients choose traceparents, and must not choose sets. */
static struct set *
set_of(struct server_timing *t, const struct server_timing_key *key)
{
    return &t->set[hash_keyed(&t->hash_key, slice_of(key, sizeof(*key))) & t->mask];
}

static uint64_t
ticket_of(const struct server_timing *t, const struct set *set, const struct request *r)
{
    uint64_t place = (uint64_t)(set - t->set) * SERVER_TIMING_WAYS + (uint64_t)(r - set->request);
    return (place + 1) << 32 | r->number;
}

/* Locks its set. */
static struct set *
set_of_ticket(struct server_timing *t, uint64_t ticket)
{
    struct set *set = &t->set[((ticket >> 32) - 1) / SERVER_TIMING_WAYS];
    pthread_mutex_lock(&set->mutex);
    return set;
}

/* NULL: it is closed. */
static struct request *
request_of_ticket(struct set *set, uint64_t ticket)
{
    struct request *r = &set->request[((ticket >> 32) - 1) % SERVER_TIMING_WAYS];
    return r->state == STATE_OPEN && r->number == (uint32_t)ticket ? r : NULL;
}

static struct request *
find(struct set *set, const struct server_timing_key *key)
{
    for (unsigned i = 0; i < SERVER_TIMING_WAYS; i++) {
        struct request *r = &set->request[i];
        if (r->state != STATE_FREE && memcmp(&r->key, key, sizeof(*key)) == 0) {
            return r;
        }
    }
    return NULL;
}

/* A free one, else the one that was closed and is the oldest. */
static struct request *
find_room(struct set *set)
{
    struct request *best = NULL;
    for (unsigned i = 0; i < SERVER_TIMING_WAYS; i++) {
        struct request *r = &set->request[i];
        if (r->state == STATE_FREE) {
            return r;
        }
        if (r->state == STATE_CLOSED && (best == NULL || (int32_t)(r->number - best->number) < 0)) {
            best = r;
        }
    }
    return best;
}

static int
open_in(struct set *set, const struct server_timing_key *key, uint32_t blinded,
        struct request **ret_request)
{
    struct request *known = find(set, key);
    if (known != NULL) {
        known->is_unclear = true;
        return -EEXIST;
    }
    struct request *r = find_room(set);
    if (r == NULL) {
        return -ENOSPC;
    }
    *r = (struct request){
        .key = *key, .state = STATE_OPEN, .number = ++set->last_number, .blinded = blinded};
    *ret_request = r;
    return 0;
}

int
server_timing_open(struct server_timing *t, const struct server_timing_key *key,
                   uint64_t *ret_ticket)
{
    struct request *r;
    uint32_t blinded = atomic_load(&t->blinded);
    if (atomic_load(&t->blind) > 0) {
        return -EBUSY;
    }
    struct set *set = set_of(t, key);
    pthread_mutex_lock(&set->mutex);
    int err = open_in(set, key, blinded, &r);
    if (err == 0) {
        *ret_ticket = ticket_of(t, set, r);
    }
    pthread_mutex_unlock(&set->mutex);
    return err;
}

bool
server_timing_take(struct server_timing *t, uint64_t ticket, struct server_timing_sum *ret_sum)
{
    bool can_be_said = false;
    struct set *set = set_of_ticket(t, ticket);
    struct request *r = request_of_ticket(set, ticket);
    if (r != NULL) {
        r->state = STATE_CLOSED;
        can_be_said = !r->is_unclear && r->ended > 0 && r->blinded == atomic_load(&t->blinded);
        *ret_sum = (struct server_timing_sum){r->took_ns, r->ended, r->under_way};
    }
    pthread_mutex_unlock(&set->mutex);
    return can_be_said;
}

void
server_timing_close(struct server_timing *t, uint64_t ticket)
{
    struct server_timing_sum unsaid;
    if (ticket != 0) {
        (void)server_timing_take(t, ticket, &unsaid);
    }
}

uint64_t
server_timing_begin(struct server_timing *t, const struct server_timing_key *key)
{
    uint64_t ticket = 0;
    struct set *set = set_of(t, key);
    pthread_mutex_lock(&set->mutex);
    struct request *r = find(set, key);
    if (r != NULL && r->state == STATE_OPEN) {
        r->under_way++;
        ticket = ticket_of(t, set, r);
    }
    pthread_mutex_unlock(&set->mutex);
    return ticket;
}

void
server_timing_end(struct server_timing *t, uint64_t ticket, uint64_t took_ns)
{
    struct set *set = set_of_ticket(t, ticket);
    struct request *r = request_of_ticket(set, ticket);
    if (r != NULL) {
        r->under_way--;
        r->ended++;
        r->took_ns += took_ns;
    }
    pthread_mutex_unlock(&set->mutex);
}

void
server_timing_withdraw(struct server_timing *t, uint64_t ticket)
{
    struct set *set = set_of_ticket(t, ticket);
    struct request *r = request_of_ticket(set, ticket);
    if (r != NULL) {
        r->under_way--;
    }
    pthread_mutex_unlock(&set->mutex);
}

void
server_timing_abandon(struct server_timing *t, uint64_t ticket)
{
    struct set *set = set_of_ticket(t, ticket);
    struct request *r = request_of_ticket(set, ticket);
    if (r != NULL) {
        r->is_unclear = true;
    }
    pthread_mutex_unlock(&set->mutex);
}

void
server_timing_blind(struct server_timing *t, bool begins)
{
    if (begins) {
        atomic_fetch_add(&t->blind, 1);
        atomic_fetch_add(&t->blinded, 1);
    } else {
        atomic_fetch_sub(&t->blind, 1);
    }
}
