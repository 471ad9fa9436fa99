/* SPDX-License-Identifier: Apache-2.0
 * What keys choose, and what is printed then. A terminal is in test/peer/test_dev.py. */
#include "cli/dev_detail.h"

#include <stdlib.h>
#include <string.h>

#include "cli/keys.h"
#include "unit/unit.h"

static void
add(struct dev_detail *d, unsigned n)
{
    json_t *request = json_pack(
        "{s:s, s:i, s:f, s:i, s:s, s:s, s:f, s:[{s:s, s:s, s:i, s:i, s:f, s:i, s:s, s:f}]}",
        "route", "GET /x", "status", 200, "duration_ms", 12.0, "queries", 5, "trace_id",
        "5c1f8a2b90d3e4f5061728394a5b6c7d", "route_basis", "path", "app_ms", 3.0, "statements",
        "fingerprint", "00000000000000a1", "short", "items by order_id", "calls", (int)n, "rows", 7,
        "total_ms", 8.5, "errors", 0, "basis", "values", "probability", 0.998);
    assert_non_null(request);
    (void)dev_detail_add(d, request);
    json_decref(request);
}

/* What all of these keys print, each Enter with the details behind it. */
static char *
press(struct dev_detail *d, const char *keys, const json_t *queries)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (const char *k = keys; *k != '\0'; k++) {
        int key = *k == '^' ? KEYS_UP : *k == 'v' ? KEYS_DOWN : *k;
        if (dev_detail_key(d, key, out, false)) {
            dev_detail_print(d, queries, 0, out, false);
        }
    }
    fclose(out);
    return text;
}

static void
expect(struct dev_detail *d, const char *keys, const char *wanted)
{
    char *text = press(d, keys, NULL);
    if (strstr(text, wanted) == NULL) {
        fail_msg("%s: no '%s' in '%s'", keys, wanted, text);
    }
    free(text);
}

static void
a_number_an_arrow_or_nothing_chooses(void **state)
{
    struct dev_detail d;
    dev_detail_init(&d);
    expect(&d, "\n", "no request yet");
    expect(&d, "^v?", "Ctrl-C");
    for (unsigned n = 1; n <= 3; n++) {
        add(&d, n);
    }
    expect(&d, "\n", "   3 GET /x 200");
    expect(&d, "1\n", "   1 GET /x 200");
    expect(&d, "12\b\n", "   1 GET /x 200");
    expect(&d, "9\n", "request 9 is not among the last 3");
    expect(&d, "^^", "▸   2 GET /x 200");
    expect(&d, "\n", "   2 GET /x 200");
    expect(&d, "\n", "   3 GET /x 200"); /* chosen once */
    expect(&d, "^^^^^v\n", "   2 GET /x 200");
    expect(&d, "99999999999999999999\n", "is not among");
    dev_detail_fini(&d);
}

static void
the_details_have_texts_and_bases(void **state)
{
    struct dev_detail d;
    dev_detail_init(&d);
    add(&d, 20);
    json_t *queries = json_pack("[{s:s, s:s}]", "fingerprint", "00000000000000a1", "statement",
                                "select * from items where order_id = ?");
    assert_true(dev_detail_is_told(&d, queries) && !dev_detail_is_told(&d, NULL));
    char *text = press(&d, "\n", queries);
    assert_non_null(strstr(text, "trace 5c1f8a2b90 · application 3.0 ms · named by path"));
    assert_non_null(strstr(
        text,
        "     8.5    ×20       7  values 99.8 %    select * from items where order_id = ?\n"));
    free(text);
    text = press(&d, "\n", NULL);
    assert_non_null(strstr(text, "values 99.8 %    items by order_id\n"));
    free(text);
    json_object_set_new(
        json_array_get(d.requests, 0), "scans",
        json_pack("{s:{s:s, s:f}}", "00000000000000a1", "table", "public.items", "rows", 45000.0));
    text = press(&d, "\n", NULL);
    assert_non_null(strstr(text, "5 queries · 1 table scan\n"));
    assert_non_null(strstr(text, "  reads public.items whole, about 45,000 rows\n"));
    free(text);
    json_decref(queries);
    dev_detail_fini(&d);
}

static void
so_many_are_kept_and_numbers_go_on(void **state)
{
    struct dev_detail d;
    dev_detail_init(&d);
    for (unsigned n = 1; n <= DEV_DETAIL_MAX + 5; n++) {
        add(&d, 1);
    }
    assert_int_equal(json_array_size(d.requests), DEV_DETAIL_MAX);
    expect(&d, "5\n", "request 5 is not among the last 200");
    expect(&d, "6\n", "   6 GET /x");
    expect(&d, "\n", " 205 GET /x");
    dev_detail_fini(&d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_an_arrow_or_nothing_chooses),
        cmocka_unit_test(the_details_have_texts_and_bases),
        cmocka_unit_test(so_many_are_kept_and_numbers_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
