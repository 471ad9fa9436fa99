/* SPDX-License-Identifier: Apache-2.0 */
#include "export/jsonlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

static char folder[64];
static char path[96];

static int
set_up(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/slowburn-jsonlog-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/requests.jsonl", folder);
    return 0;
}

static int
tear_down(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    unlink(old);
    unlink(path);
    return rmdir(folder);
}

static struct jsonlog *
new_log(uint64_t size_max_bytes)
{
    struct diag diag = {0};
    struct jsonlog *log = NULL;
    assert_int_equal(jsonlog_new(path, size_max_bytes, &diag, &log), 0);
    return log;
}

/* How many whole lines the file holds; -1: there is none. */
static int
lines_of(const char *name)
{
    FILE *f = fopen(name, "re");
    int n = 0, c = 0;
    if (f == NULL) {
        return -1;
    }
    while ((c = fgetc(f)) != EOF) {
        n += c == '\n';
    }
    fclose(f);
    return n;
}

static void
lines_are_there_when_it_ends(void **state)
{
    struct stat st;
    struct jsonlog *log = new_log(0);
    for (int i = 0; i < 1000; i++) {
        jsonlog_put(log, SLICE_LIT("{\"route\":\"GET /a\"}"));
    }
    jsonlog_free(&log);
    assert_null(log);
    assert_int_equal(lines_of(path), 1000);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    log = new_log(0); /* goes on behind what is there */
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_free(&log);
    assert_int_equal(lines_of(path), 1001);
}

static void
wait_for_lines(struct jsonlog *log, uint64_t lines)
{
    for (int i = 0; i < 60000 && jsonlog_totals(log).lines < lines; i++) {
        usleep(1000);
    }
    assert_int_equal(jsonlog_totals(log).lines, lines);
}

static void
a_full_file_is_set_aside(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    struct jsonlog *log = new_log(100);
    for (uint64_t i = 1; i <= 4; i++) {
        jsonlog_put(log, SLICE_LIT("{\"forty\":\"bytes of a line, or somewhat\"}"));
        wait_for_lines(log, i);
    }
    assert_int_equal(jsonlog_totals(log).rotated, 1);
    jsonlog_free(&log);
    assert_int_equal(lines_of(old), 2);
    assert_int_equal(lines_of(path), 2);
}

/* logrotate moves the file away and tells us. */
static void
it_is_opened_again_when_told(void **state)
{
    char old[112];
    snprintf(old, sizeof(old), "%s.1", path);
    struct jsonlog *log = new_log(0);
    jsonlog_put(log, SLICE_LIT("{}"));
    wait_for_lines(log, 1);
    assert_int_equal(rename(path, old), 0);
    jsonlog_reopen(log);
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_put(log, SLICE_LIT("{}"));
    jsonlog_free(&log);
    assert_int_equal(lines_of(old), 1);
    assert_int_equal(lines_of(path), 2);
}

static void
what_finds_no_room_is_counted(void **state)
{
    static char line[JSONLOG_BYTES_MAX];
    struct jsonlog *log = new_log(0);
    memset(line, 'x', sizeof(line));
    jsonlog_put(log, slice_of(line, sizeof(line))); /* its end does not fit */
    jsonlog_put(log, SLICE_LIT("{}"));
    wait_for_lines(log, 1);
    assert_int_equal(jsonlog_totals(log).dropped, 1);
    jsonlog_free(&log);
}

static void
a_path_that_cannot_be_written_is_said(void **state)
{
    struct diag diag = {0};
    struct jsonlog *log = NULL;
    assert_true(jsonlog_new("/nowhere/requests.jsonl", 0, &diag, &log) < 0);
    assert_non_null(strstr(diag.message, "/nowhere/requests.jsonl"));
}

int
main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(lines_are_there_when_it_ends),          T(a_full_file_is_set_aside),
        T(it_is_opened_again_when_told),          T(what_finds_no_room_is_counted),
        T(a_path_that_cannot_be_written_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
