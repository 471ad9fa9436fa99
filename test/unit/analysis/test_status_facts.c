/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/status_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/unit.h"

static void
expect(struct status_facts *f, const char *wanted)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1u << 20);
    status_facts_write(f, &b);
    assert_int_equal(buf_append(&b, slice_of("", 1)), 0);
    assert_string_equal((const char *)b.data, wanted);
}

static void
the_latest_replaces_what_was_there(void **state)
{
    struct status_facts f;
    status_facts_init(&f);
    expect(&f, "");
    assert_int_equal(status_facts_put(&f, "store", slice_from_str("{\"a\":1}")), 0);
    assert_int_equal(status_facts_put(&f, "api", slice_from_str("2")), 0);
    assert_int_equal(status_facts_put(&f, "store", slice_from_str("3")), 0);
    expect(&f, ",\"store\":3,\"api\":2");
    status_facts_fini(&f);
}

static void
names_and_sizes_have_a_limit(void **state)
{
    struct status_facts f;
    char name[32];
    char *large = check_alloc(1, STATUS_FACTS_LEN_MAX + 1);
    status_facts_init(&f);
    for (unsigned i = 0; i < STATUS_FACTS_MAX; i++) {
        snprintf(name, sizeof(name), "fact%u", i);
        assert_int_equal(status_facts_put(&f, name, slice_from_str("0")), 0);
    }
    assert_int_equal(status_facts_put(&f, "another", slice_from_str("0")), -ENOSPC);
    assert_int_equal(status_facts_put(&f, "fact3", slice_from_str("1")), 0);
    assert_int_equal(status_facts_put(&f, "a-name-of-thirty-two-characters-", slice_from_str("0")),
                     -E2BIG);
    memset(large, ' ', STATUS_FACTS_LEN_MAX + 1);
    assert_int_equal(status_facts_put(&f, "fact3", slice_of(large, STATUS_FACTS_LEN_MAX + 1)),
                     -E2BIG);
    assert_int_equal(status_facts_put(&f, "fact3", slice_of(large, STATUS_FACTS_LEN_MAX)), 0);
    free(large);
    status_facts_fini(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_replaces_what_was_there),
        cmocka_unit_test(names_and_sizes_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
