/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_path.h"

#include <stdio.h>

#include "unit/unit.h"

static const struct {
    const char *target;
    const char *path;
} table[] = {
    {"/", "/"},
    {"/api/orders", "/api/orders"},
    {"/api/orders/1234?expand=items#x", "/api/orders/{id}"},
    {"/api/v1/orders/7/items/8/", "/api/v1/orders/{id}/items/{id}/"},
    {"http://shop:80/api/7?x", "/api/{id}"},
    {"http://shop", "/"},
    {"/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/u/{id}"},
    {"/f/3f2504e0-4f89-11d3-9a0c-0305e82c3301.pdf", "/f/{id}.pdf"},
    {"/f/12.json", "/f/{id}.json"},
    {"/d/2026-11-23/x", "/d/{id}/x"},
    {"/c/9fceb02d0ae598e9", "/c/{id}"},
    {"/c/9fceb02d", "/c/{id}"},
    {"/c/deadbeefdeadbeef", "/c/{id}"},
    {"/facade/decade", "/facade/decade"},
    {"/oauth2/v2/login", "/oauth2/v2/login"},
    {"/users/ann@example.org", "/users/{id}.org"},
    {"/users/J%C3%BCrgen", "/users/{id}"},
    {"/order-1234/step-2", "/{id}/{id}"},
    {"/t/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/t/{id}"},
    {"/t/12.5/-7", "/t/{id}/{id}"},
    {"/ids/1,2,3", "/ids/{id}"},
    {"/static/app.js", "/static/app.js"},
    {"/my-first-post", "/my-first-post"},
    {"*", "*"},
};

static void
values_become_id(void **state)
{
    char dst[EVENT_PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t len = http_path_fold(slice_from_str(table[i].target), dst);
        if (!slice_eq(slice_of(dst, len), slice_from_str(table[i].path))) {
            fail_msg("%s: %.*s", table[i].target, (int)len, dst);
        }
    }
}

static void
long_paths_are_cut_between_segments(void **state)
{
    char target[2048];
    char dst[EVENT_PATH_MAX];
    size_t at = 0;
    while (at < 1500) {
        at += (size_t)snprintf(target + at, sizeof(target) - at, "/segment");
    }
    size_t len = http_path_fold(slice_of(target, at), dst);
    assert_true(len <= EVENT_PATH_MAX && len > EVENT_PATH_MAX - 16);
    assert_memory_equal(dst + len - 12, "/segment/...", 12);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_id),
        cmocka_unit_test(long_paths_are_cut_between_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
