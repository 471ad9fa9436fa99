/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/judge/deploys_lab.h - a judge and two routes, in virtual time, of which the
 * first becomes slower behind a deploy or without one. What is deployed is the test's to play. */
#ifndef UNIT_ANALYSIS_DEPLOYS_LAB_H
#define UNIT_ANALYSIS_DEPLOYS_LAB_H

#include <jansson.h>

#include "analysis/judge/state.h"
#include "base/clock.h"
#include "base/iso_time.h"
#include "unit/analysis/requests_kit.h"

#define MONO0     (1000 * NS_PER_S)
#define OFFSET    (1700000040ull * NS_PER_S - MONO0)
#define ROUTES    2u
#define CALLS_MAX 40u
#define SETTLED_S 600u
#define OWN       0x70ull /* the first route's statement */
#define NEW       0x72ull

struct lab {
    struct judge *j;
    uint64_t now_ns;
    unsigned calls;   /* of the first route's own statement, 1 ms each */
    unsigned others;  /* of one that is new */
    char stored[256]; /* what the last deploy affects */
    double opened_s;  /* since the lab began; 0: not yet */
};

static inline double
now_s(const struct lab *l)
{
    return (double)(l->now_ns - MONO0) / NS_PER_S;
}

static inline void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind == STORED_DEPLOY) {
        slice_to_str(r->deploy.affects, l->stored, sizeof(l->stored));
    } else if (r->kind == STORED_INCIDENT && l->opened_s == 0) {
        l->opened_s = now_s(l);
    }
}

static inline void
request(struct lab *l, unsigned route)
{
    struct kit_query q[CALLS_MAX];
    unsigned n = 0, calls = route == 0 ? l->calls : 1, others = route == 0 ? l->others : 0;
    for (; n < calls + others; n++) {
        q[n] = (struct kit_query){.fingerprint = n >= calls ? NEW : OWN + route,
                                  .values = l->now_ns / 7 + n,
                                  .at_ms = n,
                                  .ms = 1};
    }
    struct trace *t = kit_trace(l->now_ns, 10 + n, q, n);
    t->route = route;
    t->method = METHOD_GET;
    const struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, t->end_ns, &item);
    trace_free(&t);
}

static inline void
play(struct lab *l, unsigned seconds)
{
    for (unsigned i = 0; i < 4 * seconds; i++) {
        for (unsigned k = 0; k < ROUTES; k++) {
            l->now_ns += NS_PER_S / (4 * ROUTES);
            request(l, k);
        }
        judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
    }
}

/* Ten minutes as ever, with a deploy of nothing every so many seconds; 0: none. */
static inline void
begin(struct lab *l, unsigned deploy_every_s)
{
    static const char *const route[ROUTES] = {"/orders", "/me"};
    const struct judge_out out = {.ctx = l, .store = on_store};
    const struct judge_config config = {.cores = 2};
    *l = (struct lab){.now_ns = MONO0, .calls = 1};
    assert_int_equal(judge_new(&config, &out, l->now_ns, l->now_ns + OFFSET, &l->j), 0);
    for (unsigned i = 0; i < ROUTES; i++) {
        const struct intake_item item = kit_route(i, route[i]);
        judge_item(l->j, l->now_ns, &item);
    }
    for (unsigned s = 1; s <= SETTLED_S; s++) {
        play(l, 1);
        if (deploy_every_s != 0 && s % deploy_every_s == 0) {
            judge_deploy(l->j, l->now_ns, SLICE_LIT("routine"));
        }
    }
}

static inline void
deploy(struct lab *l, const char *text)
{
    judge_deploy(l->j, l->now_ns, slice_from_str(text));
}

/* It became slower: calls more often what it always called, or something new. */
static inline void
break_it(struct lab *l, bool by_new_statement)
{
    l->calls = by_new_statement ? 1 : 31;
    l->others = by_new_statement ? 30 : 0;
    play(l, 40);
}

/* The only one there is; to be let go of with end(). */
static inline json_t *
incident(struct lab *l)
{
    AUTO_BUF struct buf text;
    buf_init(&text, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(l->j, l->now_ns, JUDGE_INCIDENTS, &text), 0);
    json_t *list = json_loads(buf_str(&text), 0, NULL);
    assert_int_equal(json_array_size(list), 1);
    json_t *inc = json_incref(json_array_get(list, 0));
    json_decref(list);
    return inc;
}

static inline void
end(struct lab *l, json_t *inc)
{
    json_decref(inc);
    judge_free(&l->j);
}

static inline const char *
text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

static inline double
seconds_of(const json_t *o, const char *key)
{
    uint64_t wall_ns = iso_time_read(text_of(o, key));
    assert_true(wall_ns > MONO0 + OFFSET);
    return (double)(wall_ns - MONO0 - OFFSET) / NS_PER_S;
}

/* The deploy that it is tied to; "" for none. */
static inline void
assert_tied(const json_t *inc, const char *name, const char *overlap)
{
    const json_t *d = json_object_get(inc, "deploy");
    assert_string_equal(text_of(d, "name"), name);
    assert_string_equal(text_of(d, "overlap"), overlap);
}

#endif
