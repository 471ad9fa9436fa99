/* SPDX-License-Identifier: Apache-2.0 */
#include "app/party.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit/unit.h"

static void
wait_for_end(struct party *p)
{
    struct pollfd pfd = {p->pidfd, POLLIN, 0};
    assert_int_equal(poll(&pfd, 1, 20000), 1);
}

static void
start_shell(struct party *p, const char *script, uint64_t now_ns)
{
    const char *argv[] = {"sh", "-c", script, "sh", NULL};
    struct diag diag = {0};
    assert_int_equal(party_start(p, "/bin/sh", argv, now_ns, &diag), 0);
    assert_true(party_is_running(p));
}

/* It gets its end of the channel as descriptor 3, its name as arguments, and nothing else open. */
static void
a_child_has_its_channel_and_nothing_else(void **state)
{
    int leak = fcntl(0, F_DUPFD, 5);
    assert_true(leak >= 5);
    struct party p;
    party_init(&p, PARTY_ANALYZER, "analyzer");
    start_shell(&p,
                "[ \"$1 $2\" = '--channel-fd 3' ] || exit 1; [ -S /proc/self/fd/3 ] || exit 2; "
                "for n in 4 5 6 7 8; do [ -e /proc/$$/fd/$n ] && exit 3; done; "
                "exit 42",
                0);
    wait_for_end(&p);
    int status;
    party_ended(&p, NS_PER_S, &status);
    assert_int_equal(WEXITSTATUS(status), 42);
    assert_false(party_is_running(&p));
    assert_null(p.channel);
    close(leak);
}

static void
restarts_wait_longer_and_longer(void **state)
{
    struct party p;
    party_init(&p, PARTY_ADVISOR, "advisor");
    const uint64_t waits_ms[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000};
    uint64_t now_ns = NS_PER_S;
    int status;
    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        start_shell(&p, "exit 1", now_ns);
        assert_int_equal(p.start_at_ns, UINT64_MAX);
        wait_for_end(&p);
        party_ended(&p, now_ns, &status);
        assert_int_equal(p.start_at_ns - now_ns, waits_ms[i] * NS_PER_MS);
        assert_int_equal(p.restarts, i + 1);
    }
    start_shell(&p, "exit 1", now_ns); /* lives long enough: at once again */
    wait_for_end(&p);
    party_ended(&p, now_ns + PARTY_PROVEN_NS, &status);
    assert_int_equal(p.start_at_ns, now_ns + PARTY_PROVEN_NS);
}

static void
a_signal_reaches_it_and_sending_to_the_dead_is_counted(void **state)
{
    struct party p;
    party_init(&p, PARTY_PROXY, "proxy");
    start_shell(&p, "sleep 30", 0);
    assert_int_equal(party_send_text(&p, CHANNEL_DRAIN, 0, "{}"), 0);
    party_signal(&p, SIGKILL);
    wait_for_end(&p);
    int status;
    party_ended(&p, 1, &status);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(party_send_text(&p, CHANNEL_DRAIN, 0, "{}"), -EPIPE);
    assert_int_equal(p.lost, 1);
    party_signal(&p, SIGKILL); /* nobody */
}

static void
a_program_that_is_not_there_ends_at_once(void **state)
{
    struct party p;
    party_init(&p, PARTY_PROXY, "proxy");
    const char *argv[] = {"x", NULL};
    struct diag diag = {0};
    assert_int_equal(party_start(&p, "/nonexistent", argv, 0, &diag), 0);
    wait_for_end(&p);
    int status;
    party_ended(&p, 1, &status);
    assert_int_equal(WEXITSTATUS(status), 127);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_has_its_channel_and_nothing_else),
        cmocka_unit_test(restarts_wait_longer_and_longer),
        cmocka_unit_test(a_signal_reaches_it_and_sending_to_the_dead_is_counted),
        cmocka_unit_test(a_program_that_is_not_there_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
