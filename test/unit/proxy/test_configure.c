/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "proxy/configure.h"

static const struct driver_ops *const drivers[] = {&raw_driver, NULL};

static int
parse(const char *json, struct diag *diag, struct proxy_config *config)
{
    *diag = (struct diag){0};
    return configure_parse(slice_from_str(json), drivers, diag, config);
}

static void
everything_is_read(void **state)
{
    struct diag diag;
    struct proxy_config c;
    configure_defaults(&c);
    assert_int_equal(
        parse("{\"workers\":3,\"sessions_max\":100,\"ring_bytes\":65536,"
              "\"hash_key\":\"000102030405060708090a0b0c0d0e0f\",\"connect_timeout_ms\":7,"
              "\"login_timeout_ms\":8,\"idle_session_timeout_ms\":9,"
              "\"idle_in_transaction_timeout_ms\":10,\"sessions_per_listener\":11,"
              "\"sessions_per_address\":12,\"sessions_per_user\":13,\"inspect_max_bytes\":2048,"
              "\"drain_ms\":0,\"log_level\":"
              "\"debug\",\"more\":1,"
              "\"listeners\":[{\"protocol\":\"raw\",\"address\":\"127.0.0.1:1\","
              "\"upstream\":\"db:2\"}]}",
              &diag, &c),
        0);
    assert_int_equal(c.workers, 3);
    assert_int_equal(c.sessions_max, 100);
    assert_int_equal(c.ring_bytes, 65536);
    assert_int_equal(c.connect_timeout_ns, 7 * NS_PER_MS);
    assert_int_equal(c.login_timeout_ns, 8 * NS_PER_MS);
    assert_int_equal(c.drain_ns, 0);
    assert_int_equal(c.idle_ns, 9 * NS_PER_MS);
    assert_int_equal(c.idle_in_transaction_ns, 10 * NS_PER_MS);
    assert_int_equal(c.per_listener_max, 11);
    assert_int_equal(c.per_address_max, 12);
    assert_int_equal(c.per_user_max, 13);
    assert_int_equal(c.inspect_max, 2048);
    assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
    assert_true(c.hash_key.k0 == 0x0706050403020100u && c.hash_key.k1 == 0x0f0e0d0c0b0a0908u);
    assert_int_equal(c.listener_count, 1);
    assert_ptr_equal(c.listeners[0].ops, &raw_driver);
    assert_string_equal(c.listeners[0].name, "127.0.0.1:1");
    assert_string_equal(c.listeners[0].upstream, "db:2");
}

static void
missing_keys_keep_what_was(void **state)
{
    struct diag diag;
    struct proxy_config c, before;
    configure_defaults(&c);
    before = c;
    assert_int_equal(parse("{\"sessions_max\":5}", &diag, &c), 0);
    assert_int_equal(c.sessions_max, 5);
    assert_int_equal(c.workers, before.workers);
    assert_int_equal(c.drain_ns, before.drain_ns);
    assert_false(c.has_log_level);
}

static void
bad_values_are_named_and_change_nothing(void **state)
{
    static const struct {
        const char *json, *named;
    } bad[] = {
        {"", "JSON"},
        {"[]", "JSON"},
        {"{\"workers\":0}", "workers"},
        {"{\"workers\":17}", "workers"},
        {"{\"workers\":\"2\"}", "workers"},
        {"{\"sessions_max\":-1}", "sessions_max"},
        {"{\"sessions_max\":1e9}", "sessions_max"},
        {"{\"ring_bytes\":1}", "ring_bytes"},
        {"{\"sessions_per_user\":65537}", "sessions_per_user"},
        {"{\"idle_session_timeout_ms\":-1}", "idle_session_timeout_ms"},
        {"{\"hash_key\":\"00\"}", "hash_key"},
        {"{\"hash_key\":\"0g0102030405060708090a0b0c0d0e0f\"}", "hash_key"},
        {"{\"hash_key\":1}", "hash_key"},
        {"{\"log_level\":\"loud\"}", "log_level"},
        {"{\"log_level\":7}", "log_level"},
        {"{\"workers\":4,\"listeners\":{}}", "listeners"},
        {"{\"listeners\":[{}]}", "protocol"},
        {"{\"listeners\":[{\"protocol\":\"x\",\"address\":\"a:1\",\"upstream\":\"b:1\"}]}",
         "\"x\""},
        {"{\"listeners\":[{\"protocol\":\"raw\",\"address\":\"a:1\"}]}", "upstream"},
        {"{\"listeners\":[7]}", "protocol"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct diag diag;
        struct proxy_config c, before;
        configure_defaults(&c);
        before = c;
        assert_int_equal(parse(bad[i].json, &diag, &c), -EINVAL);
        if (strstr(diag.message, bad[i].named) == NULL) {
            fail_msg("%s: \"%s\" does not name %s", bad[i].json, diag.message, bad[i].named);
        }
        assert_memory_equal(&c, &before, sizeof(c));
    }
}

static void
later_changes_leave_what_is_fixed(void **state)
{
    struct diag diag;
    struct proxy_config c, changed;
    struct limits limits;
    configure_defaults(&c);
    c.workers = 3;
    changed = c;
    assert_int_equal(parse("{\"workers\":5,\"event_loop\":\"epoll\",\"ring_bytes\":65536,"
                           "\"hash_key\":\"000102030405060708090a0b0c0d0e0f\","
                           "\"sessions_max\":10,\"drain_ms\":7,\"sessions_per_user\":4,"
                           "\"inspect_max_bytes\":2048,\"listeners\":[]}",
                           &diag, &changed),
                     0);
    struct proxy_config before = c;
    configure_change(&c, &changed);
    assert_int_equal(c.workers, before.workers);
    assert_int_equal(c.loop, before.loop);
    assert_int_equal(c.ring_bytes, before.ring_bytes);
    assert_true(c.hash_key.k0 == before.hash_key.k0 && c.hash_key.k1 == before.hash_key.k1);
    assert_int_equal(c.sessions_max, 10);
    assert_int_equal(c.drain_ns, 7 * NS_PER_MS);
    configure_limits(&c, &limits);
    assert_int_equal(limits.sessions_max, 4); /* of one worker */
    assert_int_equal(limits.drain_ns, 7 * NS_PER_MS);
    assert_int_equal(limits.per_user_max, 4);
    assert_int_equal(limits.inspect_max, 2048);
    assert_int_equal(limits.login_timeout_ns, c.login_timeout_ns);
}

static void
leases_are_read_and_checked(void **state)
{
    struct driver_lease lease;
    assert_int_equal(
        configure_parse_lease(SLICE_LIT("{\"fingerprint\":\"00000000000000ff\",\"count\":3,"
                                        "\"rows\":9,\"until_ns\":77}"),
                              &lease),
        0);
    assert_int_equal(lease.fingerprint, 0xff);
    assert_int_equal(lease.count, 3);
    assert_int_equal(lease.rows, 9);
    assert_int_equal(lease.until_ns, 77);
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"fingerprint\":7}",
                                      "{\"fingerprint\":\"ff\"}",
                                      "{\"fingerprint\":\"00000000000000fx\"}",
                                      "{\"fingerprint\":\"00000000000000ff\",\"rows\":100000}",
                                      "{\"fingerprint\":\"00000000000000ff\",\"count\":-1}"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(configure_parse_lease(slice_from_str(bad[i]), &lease), -EINVAL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(missing_keys_keep_what_was),
        cmocka_unit_test(bad_values_are_named_and_change_nothing),
        cmocka_unit_test(later_changes_leave_what_is_fixed),
        cmocka_unit_test(leases_are_read_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
