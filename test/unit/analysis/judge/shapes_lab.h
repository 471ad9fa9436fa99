/* SPDX-License-Identifier: Apache-2.0
 * test/unit/analysis/judge/shapes_lab.h - a judge that sees the answers of two routes, in virtual
 * time. What they look like is the test's to play. */
#ifndef UNIT_ANALYSIS_SHAPES_LAB_H
#define UNIT_ANALYSIS_SHAPES_LAB_H

#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "proto/http/http_shape.h"
#include "unit/analysis/judge/kept_kit.h"
#include "unit/analysis/requests_kit.h"

#define MONO0       (1000 * NS_PER_S)
#define OFFSET      (1700000040ull * NS_PER_S - MONO0)
#define ROUTES      2u
#define REPEATS_MAX 30u
#define FULL        "{\"data\":[{\"id\":1,\"total\":2.5}],\"secret-name\":1}"
#define LESS        "{\"data\":[{\"id\":1}],\"secret-name\":1}"
#define NO_ROOT     "{\"data\":[{\"id\":1,\"total\":2.5}]}"

struct lab {
    struct judge *j;
    uint64_t now_ns;
    const char *body[ROUTES];
    uint32_t flags; /* of all requests */
    unsigned statements[ROUTES];
    unsigned repeats; /* of the first route's first statement: slower by as many ms */
    unsigned opened, found, recovered;
    struct kept kept; /* no windows */
};

static inline void
on_store(void *ctx, const struct stored *r)
{
    struct lab *l = ctx;
    if (r->kind == STORED_STATE) {
        kept_add_state(&l->kept, &r->state);
        assert_null(memmem(r->state.blob.ptr, r->state.blob.len, "secret", 6));
    } else if (r->kind == STORED_INCIDENT && r->incident.id >= l->kept.incident.id) {
        kept_add_incident(&l->kept, &r->incident); /* the newest */
    }
}

static inline void
on_log(void *ctx, const char *event, const char *text)
{
    struct lab *l = ctx;
    l->opened += strcmp(event, "incident-opened") == 0;
    l->found += strcmp(event, "finding") == 0;
    l->recovered += strcmp(event, "recovered") == 0;
}

static inline void
start(struct lab *l)
{
    static const char *const route[ROUTES] = {"/orders", "/me"};
    const struct judge_out out = {.ctx = l, .store = on_store, .log = on_log};
    const struct judge_config config = {.cores = 2};
    assert_int_equal(judge_new(&config, &out, l->now_ns, l->now_ns + OFFSET, &l->j), 0);
    kept_restore(&l->kept, l->j);
    for (unsigned i = 0; i < ROUTES; i++) {
        const struct intake_item item = kit_route(i, route[i]);
        judge_item(l->j, l->now_ns, &item);
    }
}

static inline void
answer(struct lab *l, unsigned route)
{
    const struct http_content json = {.type = RESPONSE_TYPE_JSON};
    struct http_shape shape = {0};
    http_shape_feed(&shape, slice_from_str(l->body[route]));
    http_shape_end(&shape, &json);
    struct kit_query queries[2 + REPEATS_MAX] = {
        {.fingerprint = 0x70, .values = 1, .ms = 1},
        {.fingerprint = 0x71, .values = 1, .at_ms = 2, .ms = 0.1},
    };
    unsigned repeats = route == 0 ? l->repeats : 0;
    for (unsigned i = 0; i < repeats; i++) {
        queries[l->statements[route] + i] =
            (struct kit_query){.fingerprint = 0x70, .values = i, .at_ms = 3 + i, .ms = 1};
    }
    struct trace *t = kit_trace(l->now_ns, 10 + repeats, queries, l->statements[route] + repeats);
    t->route = route;
    t->method = METHOD_GET;
    t->shape = shape.found;
    t->request_flags = l->flags;
    const struct intake_item item = {.kind = INTAKE_TRACE, .time_ns = t->end_ns, .trace = t};
    judge_item(l->j, t->end_ns, &item);
    trace_free(&t);
}

static inline void
pass_slowly(struct lab *l, unsigned turns, uint64_t turn_ns)
{
    for (unsigned i = 0; i < turns; i++) {
        for (unsigned k = 0; k < 2 * ROUTES; k++) {
            l->now_ns += turn_ns / (2 * ROUTES);
            answer(l, k % ROUTES);
        }
        judge_tick(l->j, l->now_ns, l->now_ns + OFFSET);
    }
}

static inline void
pass(struct lab *l, unsigned seconds)
{
    pass_slowly(l, seconds, NS_PER_S);
}

static inline void
begin_with(struct lab *l, unsigned statements)
{
    *l =
        (struct lab){.now_ns = MONO0, .body = {FULL, FULL}, .statements = {statements, statements}};
    start(l);
    pass(l, 300);
}

static inline void
begin(struct lab *l)
{
    begin_with(l, 0);
}

static inline void
end(struct lab *l)
{
    judge_free(&l->j);
    kept_fini(&l->kept);
}

static inline void
deploy(struct lab *l, const char *name)
{
    judge_deploy(l->j, l->now_ns, slice_from_str(name));
}

static inline json_t *
incidents(struct lab *l)
{
    AUTO_BUF struct buf text;
    buf_init(&text, JUDGE_DOCUMENT_MAX);
    assert_int_equal(judge_document(l->j, l->now_ns, JUDGE_INCIDENTS, &text), 0);
    assert_null(strstr(buf_str(&text), "secret"));
    json_t *list = json_loads(buf_str(&text), 0, NULL);
    assert_non_null(list);
    return list;
}

static inline const char *
text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

/* The only incident is in that state. */
static inline void
assert_state(struct lab *l, const char *state)
{
    json_t *list = incidents(l);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(text_of(json_array_get(list, 0), "state"), state);
    json_decref(list);
}

/* The incident's, newest first. NULL: it has none of that kind. Borrowed. */
static inline const json_t *
cause_of(const json_t *list, size_t incident, const char *kind)
{
    size_t i;
    const json_t *cause;
    json_array_foreach(json_object_get(json_array_get(list, incident), "causes"), i, cause)
    {
        if (strcmp(text_of(cause, "kind"), kind) == 0) {
            return cause;
        }
    }
    return NULL;
}

#endif
