/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/address.h"

static char folder[64];

static int
setup(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/slowburn-address-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    return rmdir(folder);
}

static void
every_form_is_read(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        const char *canonical;
    } good[] = {
        {"5432", "127.0.0.1", 5432, "127.0.0.1:5432"},
        {"db:5432", "db", 5432, "db:5432"},
        {"[::1]:5432", "::1", 5432, "[::1]:5432"},
        {"[::]:1", "::", 1, "[::]:1"},
        {"unix:/run/a.sock", "/run/a.sock", 0, "unix:/run/a.sock"},
        {"/run/a.sock", "/run/a.sock", 0, "unix:/run/a.sock"},
        {"unix:/tmp:5432", "/tmp/.s.PGSQL.5432", 0, "unix:/tmp/.s.PGSQL.5432"},
        {"unix:/run/a:b", "/run/a:b", 0, "unix:/run/a:b"},
    };
    static const char *const bad[] = {"",         "db",    "db:",         "db:0",  "db:65536",
                                      "::1:5432", "[::1]", "unix:a.sock", "unix:", "[]:1"};
    struct address a;
    struct diag diag;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(address_parse(slice_from_str(good[i].text), &diag, &a), 0);
        assert_string_equal(a.host, good[i].host);
        assert_int_equal(a.port, good[i].port);
        assert_int_equal(a.is_unix, good[i].port == 0);
        assert_string_equal(a.text, good[i].canonical);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        diag = (struct diag){0};
        assert_int_equal(address_parse(slice_from_str(bad[i]), &diag, &a), -EINVAL);
        assert_true(diag.message[0] != '\0');
    }
    char longest[300] = "unix:/";
    memset(longest + 6, 'x', 200);
    assert_int_equal(address_parse(slice_from_str(longest), &diag, &a), -EINVAL);
}

static void
a_stale_file_is_replaced_and_a_live_one_is_not(void **state)
{
    struct address a;
    struct diag diag = {0};
    char text[128];
    struct stat st;
    int fd = -1, other = -1;
    snprintf(text, sizeof(text), "unix:%s:6432", folder);
    assert_int_equal(address_parse(slice_from_str(text), &diag, &a), 0);
    assert_int_equal(address_listen(&a, 0620, "one", &diag, &fd), 0);
    assert_int_equal(stat(a.host, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0620);
    assert_int_equal(address_listen(&a, 0620, "two", &diag, &other), -EADDRINUSE);
    assert_non_null(strstr(diag.message, "in use"));
    close(fd); /* as death leaves it */
    assert_int_equal(address_listen(&a, 0777, "three", &diag, &fd), 0);
    assert_int_equal(stat(a.host, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0777);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    slice_to_str(slice_from_str(a.host), at.sun_path, sizeof(at.sun_path));
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
    close(client);
    close(fd);
    unlink(a.host);
    /* What is no socket is nobody's leftover. */
    FILE *file = fopen(a.host, "w");
    fclose(file);
    assert_int_equal(address_listen(&a, 0777, "four", &diag, &fd), -EADDRINUSE);
    unlink(a.host);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test_setup_teardown(a_stale_file_is_replaced_and_a_live_one_is_not, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
