/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor/dsn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/unit.h"

static void
what_is_put_is_read_as_it_was(void **state)
{
    AUTO_BUF struct buf b;
    AUTO_BUF struct buf other;
    buf_init(&b, 1000);
    buf_init(&other, 1000);
    dsn_put(&b, "host", "db");
    dsn_put(&b, "password", "it's \\ x");
    dsn_put(&b, "port", "");
    assert_string_equal(buf_str(&b), "host='db' password='it\\'s \\\\ x'");
    assert_int_equal(dsn_with_database(buf_str(&b), "a'b", &other), 0);
    assert_string_equal(buf_str(&other), "password='it\\'s \\\\ x' host='db' dbname='a\\'b'");
}

static void
a_url_goes_to_another_database(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(dsn_with_database("postgresql://u:p%40q@db:6/shop", "", &b), 0);
    assert_string_equal(buf_str(&b), "user='u' password='p@q' dbname='shop' host='db' port='6'");
    buf_reset(&b);
    assert_int_equal(dsn_with_database("postgresql://u@db/shop", "other", &b), 0);
    assert_string_equal(buf_str(&b), "user='u' host='db' dbname='other'");
    assert_int_equal(dsn_with_database("no such=thing", "x", &b), -EINVAL);
}

static void
what_the_environment_says_is_written_out(void **state)
{
    setenv("PGPORT", "6001", 1);
    setenv("PGHOST", "elsewhere", 1);
    char *made = dsn_resolve("host=db user=u");
    setenv("PGPORT", "1", 1);
    assert_non_null(strstr(made, "host='db'"));
    assert_non_null(strstr(made, "port='6001'"));
    free(made);
    assert_null(dsn_resolve("no such=thing"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_read_as_it_was),
        cmocka_unit_test(a_url_goes_to_another_database),
        cmocka_unit_test(what_the_environment_says_is_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
