/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/resolve.h"

static void
addresses_are_split(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool is_unix;
    } good[] = {
        {"127.0.0.1:5432", "127.0.0.1", 5432, false},
        {"[::1]:80", "::1", 80, false},
        {"db.example.com:0", "db.example.com", 0, false},
        {"/run/pg/.s.PGSQL.5432", "/run/pg/.s.PGSQL.5432", 0, true},
        {"unix:/x", "/x", 0, true},
        {"unix:/tmp:5432", "/tmp/.s.PGSQL.5432", 0, true},
        {"/run/a:x", "/run/a:x", 0, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct diag diag = {0};
        struct resolve_name name;
        assert_int_equal(resolve_parse(slice_from_str(good[i].text), &diag, &name), 0);
        assert_string_equal(name.host, good[i].host);
        assert_int_equal(name.port, good[i].port);
        assert_int_equal(name.is_unix, good[i].is_unix);
    }
}

static void
bad_addresses_are_named(void **state)
{
    static const char *const bad[] = {"",         "5432",     ":5432", "host:",   "host:65536",
                                      "host:12x", "::1:5432", "[]:1",  "host:-1", "[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct diag diag = {0};
        struct resolve_name name;
        assert_int_equal(resolve_parse(slice_from_str(bad[i]), &diag, &name), -EINVAL);
        assert_true(diag_is_set(&diag));
        assert_non_null(strstr(diag.message, bad[i]));
    }
    char long_path[300];
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[0] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    struct diag diag = {0};
    struct resolve_name name;
    assert_int_equal(resolve_parse(slice_from_str(long_path), &diag, &name), -EINVAL);
}

static void
numeric_addresses_come_back_as_written(void **state)
{
    static const char *const texts[] = {"127.0.0.1:5432", "[::1]:80", "/run/x.sock"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct diag diag = {0};
        struct resolve_name name;
        struct resolve_address address;
        char text[128];
        assert_int_equal(resolve_parse(slice_from_str(texts[i]), &diag, &name), 0);
        assert_int_equal(resolve_numeric(&name, &address), 0);
        assert_string_equal(resolve_format(&address, text, sizeof(text)), texts[i]);
    }
}

/* "localhost" comes from /etc/hosts: no network is needed. */
static void
names_are_looked_up_aside(void **state)
{
    struct diag diag = {0};
    struct resolver *resolver;
    struct resolve_target *target;
    assert_int_equal(resolver_new(&resolver), 0);
    assert_int_equal(resolver_add(resolver, SLICE_LIT("localhost:5432"), &diag, &target), 0);
    struct resolve_address addresses[RESOLVE_ADDRESSES_MAX];
    bool pending = true;
    unsigned count = 0;
    while (pending && count == 0) {
        count = resolve_addresses(target, addresses, &pending);
        usleep(1000);
    }
    count = resolve_addresses(target, addresses, &pending);
    assert_in_range(count, 1, RESOLVE_ADDRESSES_MAX);
    char text[64];
    resolve_format(&addresses[0], text, sizeof(text));
    assert_true(strcmp(text, "127.0.0.1:5432") == 0 || strcmp(text, "[::1]:5432") == 0);
    resolve_refresh(target);
    assert_in_range(resolve_addresses(target, addresses, &pending), 1, RESOLVE_ADDRESSES_MAX);
    resolver_free(&resolver);
    assert_null(resolver);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_split),
        cmocka_unit_test(bad_addresses_are_named),
        cmocka_unit_test(numeric_addresses_come_back_as_written),
        cmocka_unit_test(names_are_looked_up_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
