/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/route.h"

#include <stdio.h>

#include "base/clock.h"
#include "unit/unit.h"

struct seen {
    unsigned count;
    char last[ROUTE_TEXT_MAX + 1];
    enum route_basis basis;
};

static void
announce(void *ctx, uint32_t index, uint16_t listener, uint8_t method, enum route_basis basis,
         struct slice text)
{
    struct seen *s = ctx;
    s->count++;
    s->basis = basis;
    slice_to_str(text, s->last, sizeof(s->last));
}

static struct slice
words(void *ctx, uint64_t fingerprint)
{
    return fingerprint == 1 ? SLICE_LIT("select users") : SLICE_NONE;
}

static uint32_t
get(struct routes *r, const char *path)
{
    return routes_of_request(r, 0, METHOD_GET, slice_from_str(path));
}

static void
the_same_path_is_the_same_route(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    uint32_t a = get(r, "/api/orders/{id}");
    assert_string_equal(seen.last, "/api/orders/{id}");
    assert_int_equal(get(r, "/api/orders/{id}"), a);
    assert_int_equal(get(r, "api//orders/{id}/"), a);
    assert_int_not_equal(get(r, "/api/orders"), a);
    assert_int_not_equal(routes_of_request(r, 0, METHOD_POST, SLICE_LIT("/api/orders/{id}")), a);
    assert_int_not_equal(routes_of_request(r, 1, METHOD_GET, SLICE_LIT("/api/orders/{id}")), a);
    get(r, "/");
    assert_string_equal(seen.last, "/");
    assert_int_equal(seen.count, 5);
    routes_free(&r);
}

/* What the application names is no path: nothing folds, and it is the same route as that path. */
static void
a_given_name_is_the_route(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    uint32_t a = get(r, "/api/orders/{id}");
    assert_int_equal(seen.basis, ROUTE_BASIS_PATH);
    assert_int_equal(routes_of_name(r, 0, METHOD_GET, SLICE_LIT("/api/orders/{id}")), a);
    assert_int_equal(seen.basis, ROUTE_BASIS_APPLICATION); /* told once, and it stays so */
    assert_int_equal(seen.count, 2);
    assert_int_equal(routes_of_name(r, 0, METHOD_GET, SLICE_LIT("/api/orders/{id}")), a);
    assert_int_equal(get(r, "/api/orders/{id}"), a);
    assert_int_equal(seen.count, 2);
    char name[64];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "/pages/page%c%c", 'a' + i / 20, 'a' + i % 20);
        routes_of_name(r, 0, METHOD_GET, slice_from_str(name));
        assert_string_equal(seen.last, name);
    }
    for (unsigned i = 0; i < 2 * ROUTES_MAX; i++) {
        snprintf(name, sizeof(name), "/many/%u", i);
        routes_of_name(r, 0, METHOD_GET, slice_from_str(name));
    }
    assert_int_equal(routes_of_name(r, 0, METHOD_GET, SLICE_LIT("/more")), ROUTE_OTHER);
    routes_free(&r);
}

static void
a_route_is_called_what_the_application_calls_it(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    uint32_t path = get(r, "/api/orders/{id}"), other = get(r, "/api/users/{id}");
    assert_int_equal(routes_of_tag(r, path, 0, METHOD_GET, SLICE_NONE), path);
    assert_int_equal(routes_of_tag(r, path, 0, METHOD_GET, SLICE_LIT("orders.show")), path);
    uint32_t named = routes_of_tag(r, path, 0, METHOD_GET, SLICE_LIT("/api/orders/<int:order>"));
    assert_int_not_equal(named, path);
    assert_string_equal(seen.last, "/api/orders/{order}");
    assert_int_equal(seen.basis, ROUTE_BASIS_APPLICATION);
    /* and so are its requests whose queries say nothing, and those of the same template */
    assert_int_equal(routes_of_tag(r, path, 0, METHOD_GET, SLICE_NONE), named);
    assert_int_equal(routes_of_tag(r, path, 0, METHOD_GET, SLICE_LIT("orders.show")), named);
    assert_int_equal(routes_of_tag(r, path, 0, METHOD_GET, SLICE_LIT("/api/orders/{order}")),
                     named);
    assert_int_equal(routes_of_tag(r, other, 0, METHOD_GET, SLICE_NONE), other);
    assert_int_not_equal(routes_of_tag(r, other, 0, METHOD_POST, SLICE_LIT("/api/orders/{order}")),
                         named);
    assert_int_equal(routes_of_tag(r, ROUTES_MAX, 0, METHOD_GET, SLICE_NONE), ROUTES_MAX);
    routes_free(&r);
}

static void
slugs_fold_and_names_do_not(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    char path[64];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 60; i++) { /* a large API: names that come back */
            snprintf(path, sizeof(path), "/api/thing%d", i);
            get(r, path);
        }
    }
    assert_int_equal(seen.count, 61); /* and "{x}", until those after the first have come back */
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "/products/slug-%d/reviews", i);
        get(r, path);
    }
    assert_string_equal(seen.last, "/products/{x}/reviews");
    assert_int_equal(seen.count, 61 + ROUTE_FIRST_NAMES + 1);
    routes_free(&r);
}

static void
a_late_name_is_shown_once_it_is_familiar(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    char path[64];
    for (unsigned i = 0; i < ROUTE_FIRST_NAMES; i++) {
        snprintf(path, sizeof(path), "/users/name%u", i);
        get(r, path);
        assert_string_equal(seen.last, path);
    }
    for (unsigned i = 1; i < ROUTE_FAMILIAR; i++) {
        get(r, "/users/late/settings");
        assert_string_equal(seen.last, "/users/{x}/settings");
    }
    get(r, "/users/late/settings");
    assert_string_equal(seen.last, "/users/late/settings");
    routes_free(&r);
}

static void
garbage_is_bounded(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    char path[200];
    for (int i = 0; i < 100000; i++) {
        snprintf(path, sizeof(path), "/a%d/b%d/c%d/d%d", i % 35, i % 33, i % 31, i % 37);
        assert_true(get(r, path) < ROUTES_MAX);
    }
    assert_true(seen.count <= ROUTES_MAX);
    routes_free(&r);
}

/* One trace of these statements, ending at t. */
static uint32_t
work(struct routes *r, uint64_t t_ns, const uint64_t *fingerprints, uint32_t count)
{
    struct trace_query *q = NULL;
    uint64_t *values = NULL;
    struct trace *t = trace_new(count, 0, &q, &values);
    for (uint32_t i = 0; i < count; i++) {
        q[i].fingerprint = fingerprints[i];
        q[i].kind = fingerprints[i] >= 90 ? STATEMENT_SESSION : STATEMENT_SELECT;
    }
    t->end_ns = t_ns;
    uint32_t route = routes_of_work(r, t, SLICE_NONE);
    trace_free(&t);
    return route;
}

static void
work_is_named_by_its_first_statements(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    uint32_t a = work(r, 1, (uint64_t[]){90, 1, 1, 2, 3, 4}, 6);
    assert_int_equal(seen.basis, ROUTE_BASIS_QUERIES);
    assert_memory_equal(seen.last, "select users, 0000000000000002", 30);
    assert_int_equal(work(r, 2, (uint64_t[]){2, 91, 3, 1, 7}, 5), a);
    assert_int_not_equal(work(r, 2, (uint64_t[]){2, 91, 3, 7}, 4), a);
    assert_int_equal(work(r, 2, (uint64_t[]){90, 91}, 2), TRACE_ROUTE_UNLINKED);
    routes_free(&r);
}

static void
a_deploy_changes_a_route(void **state)
{
    struct seen seen = {0};
    struct routes *r = routes_new(&(struct route_out){&seen, announce, words});
    uint64_t t = 0;
    uint32_t old = 0, other = 0, now = 0;
    for (int i = 0; i < 200; i++, t += 100 * NS_PER_MS) {
        old = work(r, t, (uint64_t[]){1, 2, 3}, 3);
        other = work(r, t, (uint64_t[]){1, 5, 6}, 3);
    }
    for (int i = 0; i < 60; i++, t += 100 * NS_PER_MS) {
        now = work(r, t, (uint64_t[]){1, 2, 8, 8, 8, 3}, 6);
        assert_int_equal(work(r, t, (uint64_t[]){1, 5, 6}, 3), other);
    }
    assert_int_equal(now, old);
    routes_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_path_is_the_same_route),
        cmocka_unit_test(a_route_is_called_what_the_application_calls_it),
        cmocka_unit_test(a_given_name_is_the_route),
        cmocka_unit_test(slugs_fold_and_names_do_not),
        cmocka_unit_test(a_late_name_is_shown_once_it_is_familiar),
        cmocka_unit_test(garbage_is_bounded),
        cmocka_unit_test(work_is_named_by_its_first_statements),
        cmocka_unit_test(a_deploy_changes_a_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
