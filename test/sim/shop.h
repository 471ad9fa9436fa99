/* SPDX-License-Identifier: Apache-2.0
 * sim/shop.h - a shop in virtual time that feeds a judge: routes, queries, a database of two cores
 * that queues, an advisor and a lens that answer, and deploys, fixes and faults to play with.
 *
 * Everything follows from the seed. No clock, no threads. The truth (the mean of the bad route in
 * any state) can be had by playing that state. */
#ifndef SIM_SHOP_H
#define SIM_SHOP_H

#include <jansson.h>

#include "analysis/judge/judge.h"
#include "base/prng.h"
#include "sim/wire.h"

struct shop_state {
    bool v2;               /* lazy items, settings again and again */
    bool one_more;         /* a harmless deploy: one more indexed query */
    bool index;            /* on items.order_id */
    bool eager;            /* with('items') */
    bool cache;            /* settings */
    bool decoy;            /* v2's repeats count 1..20 instead of following the rows */
    bool user_index_gone;  /* orders.user_id is scanned */
    bool email_index_gone; /* users.email: logging in */
    bool token_index_gone; /* users.api_token: every other route */
    double growth;         /* factor on the cost of orders by user_id */
    double rate_per_s;     /* of all requests */
    double bad_share;      /* of GET /api/orders */
    bool no_advisor;
    bool stalled;          /* the analyzer does not run */
    double database_times; /* every query takes so many times as long; 0: once */
    double machine_times;  /* and so does the application, unevenly; 0: once */
    double me_app_ms;      /* GET /api/me computes for so long beside */
    unsigned order_rows;   /* so many come for one order; 0: one */
};

struct shop;

struct shop *shop_new(uint64_t seed);
/* The same, with everything going through a ring of that size, ingest and linker. */
struct shop *shop_new_on_wire(uint64_t seed, size_t ring_bytes);
struct wire *shop_wire(struct shop *shop);
void shop_free(struct shop **shop);

/* A copy of the judge's private state and statements goes into a new judge: kill -9. */
void shop_restart_judge(struct shop *shop);

struct shop_state *shop_state(struct shop *shop);
struct judge *shop_judge(struct shop *shop);
uint64_t shop_now(const struct shop *shop);
void shop_play(struct shop *shop, double seconds);
void shop_deploy(struct shop *shop, const char *name);

/* The judge's incidents. The caller's. */
json_t *shop_incidents(struct shop *shop);

/* How often the judge's log has told this event. */
unsigned shop_told(const struct shop *shop, const char *event);

/* How many plans the judge gave to the store, and the shape of the items' last one. */
unsigned shop_plans(const struct shop *shop, uint64_t *ret_items_shape);

/* The judge's part of the status. The caller's. */
json_t *shop_status(struct shop *shop);

/* Mean of GET /api/orders over its last n requests, as it really was. */
double shop_mean_ms(const struct shop *shop, unsigned n);
/* When the n-th request of the bad route since the last shop_mark started; 0: not yet. */
void shop_mark(struct shop *shop);
uint64_t shop_nth_bad_ns(const struct shop *shop, unsigned n);

#endif
