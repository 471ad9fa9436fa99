/* SPDX-License-Identifier: Apache-2.0 */
#include "app/datadir.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

static char top[64];

static int
make_top(void **state)
{
    strcpy(top, "/tmp/slowburn-data-XXXXXX");
    return mkdtemp(top) == NULL ? -1 : 0;
}

static int
remove_top(void **state)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -r %s", top);
    return system(command);
}

static void
is_made_for_its_owner_only(void **state)
{
    char wanted[96], path[DATADIR_MAX];
    struct diag diag = {0};
    struct stat st;
    snprintf(wanted, sizeof(wanted), "%s/a/b/", top);
    assert_int_equal(datadir_open(wanted, &diag, path), 0);
    wanted[strlen(wanted) - 1] = '\0';
    assert_string_equal(path, wanted);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(datadir_open(wanted, &diag, path), 0); /* again */
    assert_true(datadir_open("/proc/none/here", &diag, path) < 0);
    assert_true(diag_is_set(&diag));
}

static void
follows_the_environment(void **state)
{
    char path[DATADIR_MAX], expected[DATADIR_MAX];
    struct diag diag = {0};
    setenv("XDG_STATE_HOME", top, 1);
    assert_int_equal(datadir_open("", &diag, path), 0);
    snprintf(expected, sizeof(expected), "%s/slowburn", top);
    assert_string_equal(path, expected);
    snprintf(expected, sizeof(expected), "%s/service", top);
    setenv("STATE_DIRECTORY", expected, 1);
    assert_int_equal(datadir_open("", &diag, path), 0);
    assert_string_equal(path, expected);
    unsetenv("STATE_DIRECTORY");
    unsetenv("XDG_STATE_HOME");
}

/* A lock is seen without being taken, names its holder, and ends with it, kill -9 included. */
static void
a_lock_dies_with_its_holder(void **state)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    assert_false(datadir_is_locked(top, DATADIR_RUN_LOCK));
    pid_t pid = fork();
    if (pid == 0) {
        struct diag diag = {0};
        int fd;
        int r = datadir_lock(top, DATADIR_RUN_LOCK, &diag, &fd);
        (void)!write(ready[1], &r, sizeof(r));
        pause();
        _exit(0);
    }
    int r = -1;
    assert_int_equal(read(ready[0], &r, sizeof(r)), sizeof(r));
    assert_int_equal(r, 0);
    assert_true(datadir_is_locked(top, DATADIR_RUN_LOCK));
    assert_true(datadir_is_locked(top, DATADIR_RUN_LOCK));
    assert_false(datadir_is_locked(top, DATADIR_ANALYZER_LOCK));
    struct diag diag = {0};
    int fd = -1;
    assert_int_equal(datadir_lock(top, DATADIR_RUN_LOCK, &diag, &fd), -EBUSY);
    char pid_text[16];
    snprintf(pid_text, sizeof(pid_text), "%d", (int)pid);
    assert_non_null(strstr(diag.message, pid_text));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_false(datadir_is_locked(top, DATADIR_RUN_LOCK));
    diag = (struct diag){0};
    assert_int_equal(datadir_lock(top, DATADIR_RUN_LOCK, &diag, &fd), 0);
    close(fd);
    close(ready[0]);
    close(ready[1]);
}

static void
the_key_stays(void **state)
{
    uint8_t a[HASH_KEY_LEN], b[HASH_KEY_LEN];
    struct diag diag = {0};
    struct stat st;
    char path[96];
    assert_int_equal(datadir_hash_key(top, &diag, a), 0);
    assert_int_equal(datadir_hash_key(top, &diag, b), 0);
    assert_memory_equal(a, b, sizeof(a));
    snprintf(path, sizeof(path), "%s/hash.key", top);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, 3), 0); /* cut short: a new one */
    assert_int_equal(datadir_hash_key(top, &diag, b), 0);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_true(datadir_hash_key(top, &diag, b) < 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_made_for_its_owner_only, make_top, remove_top),
        cmocka_unit_test_setup_teardown(follows_the_environment, make_top, remove_top),
        cmocka_unit_test_setup_teardown(a_lock_dies_with_its_holder, make_top, remove_top),
        cmocka_unit_test_setup_teardown(the_key_stays, make_top, remove_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
