/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dbenv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/unit.h"

static const char *const names[] = {"DATABASE_URL", "DB_URL",      "DB_HOST",
                                    "DB_PORT",      "PGHOST",      "PGPORT",
                                    "DB_USERNAME",  "DB_PASSWORD", "DB_DATABASE"};
static char folder[64];

static int
set_up(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        unsetenv(names[i]);
    }
    snprintf(folder, sizeof(folder), "/tmp/slowburn-dbenv-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int
tear_down(void **state)
{
    unlink(".env");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void
write_dotenv(const char *text)
{
    FILE *f = fopen(".env", "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void
urls_are_taken_apart_and_pointed_elsewhere(void **state)
{
    static const struct {
        const char *url, *host, *port, *replaced;
    } cases[] = {
        {"postgres://u:p@db:6000/shop?sslmode=disable", "db", "6000",
         "postgres://u:p@127.0.0.1:7/shop?sslmode=disable"},
        {"postgresql://db/shop", "db", "", "postgresql://127.0.0.1:7/shop"},
        {"pgsql://u:p%40q@10.0.0.1", "10.0.0.1", "", "pgsql://u:p%40q@127.0.0.1:7"},
        {"postgres://u:p@ss@db:1/x", "db", "1", "postgres://u:p@ss@127.0.0.1:7/x"},
        {"postgres://u@[::1]:5433/x", "::1", "5433", "postgres://u@127.0.0.1:7/x"},
        {"mysql://u@db/x", NULL, NULL, "mysql://u@db/x"},
        {"postgres:///x", NULL, NULL, "postgres:///x"},
        {"", NULL, NULL, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char host[256] = "", port[8] = "";
        assert_int_equal(dbenv_parse_url(cases[i].url, host, port), cases[i].host != NULL);
        if (cases[i].host != NULL) {
            assert_string_equal(host, cases[i].host);
            assert_string_equal(port, cases[i].port);
        }
        char *replaced = dbenv_replace_url(cases[i].url, 7);
        assert_string_equal(replaced, cases[i].replaced);
        free(replaced);
    }
}

static void
the_first_that_names_a_server_wins(void **state)
{
    struct dbenv found;
    assert_false(dbenv_find(&found));
    write_dotenv("# a remark\nDB_HOST=other\nDB_PORT = \"6001\"\nDB_HOST='db.internal' # why\n");
    assert_true(dbenv_find(&found));
    assert_string_equal(found.upstream, "db.internal:6001");
    assert_string_equal(found.source, "DB_HOST in .env");
    setenv("PGHOST", "pg", 1);
    assert_true(dbenv_find(&found));
    assert_string_equal(found.upstream, "db.internal:6001");
    setenv("DB_HOST", "here", 1); /* the environment goes before the file */
    assert_true(dbenv_find(&found));
    assert_string_equal(found.upstream, "here:6001");
    setenv("DATABASE_URL", "postgres://u:p@url:1/x", 1);
    assert_true(dbenv_find(&found));
    assert_string_equal(found.upstream, "url:1");
    assert_string_equal(found.source, "DATABASE_URL");
    setenv("DATABASE_URL", "sqlite:///x", 1); /* not ours: the next one */
    assert_true(dbenv_find(&found));
    assert_string_equal(found.upstream, "here:6001");
}

static void
a_socket_is_known_for_one(void **state)
{
    struct dbenv found;
    setenv("PGHOST", "/var/run/postgresql", 1);
    assert_true(dbenv_find(&found));
    assert_true(found.is_socket);
    assert_string_equal(found.upstream, "unix:/var/run/postgresql:5432");
}

static void
the_login_goes_with_the_server(void **state)
{
    char *login = dbenv_login();
    assert_null(login);
    setenv("PGHOST", "pg", 1);
    login = dbenv_login();
    assert_string_equal(login, "host='pg'");
    free(login);
    write_dotenv(
        "DB_HOST=db\nDB_PORT=6001\nDB_USERNAME=u\nDB_PASSWORD=\"it's\\\"\nDB_DATABASE=shop\n");
    login = dbenv_login();
    assert_string_equal(login,
                        "host='db' port='6001' user='u' password='it\\'s\\\\' dbname='shop'");
    free(login);
    setenv("DATABASE_URL", "pgsql://u:p%40q@db:1/x?schema=public", 1);
    login = dbenv_login();
    assert_string_equal(login, "postgresql://u:p%40q@db:1/x");
    free(login);
}

static void
a_child_finds_slowburn_in_every_place(void **state)
{
    write_dotenv("export DATABASE_URL=\"postgres://u:p@db:6000/shop\"\n");
    setenv("PGHOST", "pg", 1);
    dbenv_point_at(7);
    assert_string_equal(getenv("DATABASE_URL"), "postgres://u:p@127.0.0.1:7/shop");
    assert_null(getenv("DB_URL"));
    assert_string_equal(getenv("DB_HOST"), "127.0.0.1");
    assert_string_equal(getenv("DB_PORT"), "7");
    assert_string_equal(getenv("PGHOST"), "127.0.0.1");
    assert_string_equal(getenv("PGPORT"), "7");
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(urls_are_taken_apart_and_pointed_elsewhere),
        T(the_first_that_names_a_server_wins),
        T(a_socket_is_known_for_one),
        T(the_login_goes_with_the_server),
        T(a_child_finds_slowburn_in_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
