/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite/pending.h"
#include "store/store.h"

static struct stored
incident(unsigned id, const char *json, const char *blob)
{
    return (struct stored){.kind = STORED_INCIDENT,
                           .incident = {.id = id,
                                        .state = SLICE_LIT("open"),
                                        .json = slice_from_str(json),
                                        .blob = slice_from_str(blob)}};
}

static void
put(struct pending *p, unsigned id, const char *json, const char *blob)
{
    struct stored record = incident(id, json, blob);
    pending_put(p, &record);
}

/* "id:json:blob" of each, the oldest first. */
static void
assert_list(const struct list *list, const char *wanted)
{
    char text[256] = "";
    size_t at = 0;
    LIST_FOREACH (it, list) {
        const struct stored *r = &LIST_ENTRY(it, struct pending_record, in_order)->record;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%u:%.*s:%.*s ", r->incident.id,
                               (int)r->incident.json.len, (const char *)r->incident.json.ptr,
                               (int)r->incident.blob.len, (const char *)r->incident.blob.ptr);
    }
    assert_string_equal(text, wanted);
}

static void
texts_are_copied_and_the_newest_counts(void **state)
{
    struct pending p;
    char json[] = "a";
    pending_init(&p);
    put(&p, 1, json, "x");
    json[0] = '!';
    put(&p, 2, "b", "y");
    put(&p, 1, "c", ""); /* keeps the private part of the one before */
    assert_list(&p.in_order, "2:b:y 1:c:x ");
    put(&p, 1, "d", "z");
    assert_list(&p.in_order, "2:b:y 1:d:z ");
    assert_int_equal(p.replaced, 2);
    assert_int_equal(p.by_key.count, 2);
    pending_fini(&p);
}

static void
what_was_taken_goes_back_to_the_front_unless_a_newer_one_came(void **state)
{
    struct pending p;
    struct list batch;
    pending_init(&p);
    list_init(&batch);
    assert_int_equal(pending_take(&p, 1000000, &batch), 0);
    put(&p, 1, "a", "");
    put(&p, 2, "b", "");
    put(&p, 3, "c", "");
    assert_int_equal(pending_take(&p, 1, &batch), 1); /* one, however large */
    assert_list(&batch, "1:a: ");
    assert_int_equal(pending_take(&p, 1000000, &batch), 2);
    assert_int_equal(p.bytes, 0);
    put(&p, 2, "newer", "");
    put(&p, 4, "d", "");
    pending_give_back(&p, &batch);
    assert_true(list_is_empty(&batch));
    assert_list(&p.in_order, "1:a: 3:c: 2:newer: 4:d: ");
    assert_int_equal(p.replaced, 1);
    assert_int_equal(pending_take(&p, 1000000, &batch), 4);
    pending_free(&batch);
    assert_true(list_is_empty(&batch));
    pending_fini(&p);
}

static void
what_is_beyond_the_limits_is_dropped_and_counted(void **state)
{
    struct pending p;
    struct list batch;
    pending_init(&p);
    list_init(&batch);
    char *large = calloc(1, STORE_PENDING_BYTES / 2);
    assert_non_null(large);
    memset(large, 'x', STORE_PENDING_BYTES / 2 - 1);
    put(&p, 1, large, "");
    assert_int_equal(pending_take(&p, 1, &batch), 1);
    put(&p, 2, large, "");
    put(&p, 3, large, "");
    assert_int_equal(p.dropped, 1);
    put(&p, 4, "small", "");
    assert_int_equal(p.dropped, 1);
    pending_give_back(&p, &batch); /* no room for it any more */
    assert_int_equal(p.dropped, 2);
    for (unsigned id = 10; id < 10 + STORE_PENDING_MAX; id++) {
        put(&p, id, "", "");
    }
    assert_int_equal(p.by_key.count, STORE_PENDING_MAX);
    assert_int_equal(p.dropped, 4);
    free(large);
    pending_fini(&p);
}

/* A newer one that is larger finds no more room than any other; the older one stays. */
static void
what_replaces_keeps_to_the_limit_too(void **state)
{
    struct pending p;
    struct list batch;
    pending_init(&p);
    list_init(&batch);
    char *large = check_alloc(1, STORE_PENDING_BYTES / 2);
    memset(large, 'x', STORE_PENDING_BYTES / 2 - 1);
    put(&p, 1, "first", "");
    put(&p, 2, large, "");
    put(&p, 3, "second", "");
    put(&p, 1, large, "");
    assert_true(p.bytes <= STORE_PENDING_BYTES);
    assert_int_equal(p.replaced, 0);
    assert_int_equal(p.dropped, 1);
    put(&p, 2, "smaller", "");
    put(&p, 1, large, ""); /* now there is room */
    assert_int_equal(p.replaced, 2);
    assert_int_equal(p.dropped, 1);
    assert_int_equal(pending_take(&p, SIZE_MAX, &batch), 3);
    assert_int_equal(p.bytes, 0);
    pending_free(&batch);
    free(large);
    pending_fini(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied_and_the_newest_counts),
        cmocka_unit_test(what_was_taken_goes_back_to_the_front_unless_a_newer_one_came),
        cmocka_unit_test(what_is_beyond_the_limits_is_dropped_and_counted),
        cmocka_unit_test(what_replaces_keeps_to_the_limit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
