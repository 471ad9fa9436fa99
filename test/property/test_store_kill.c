/* SPDX-License-Identifier: Apache-2.0
 * The store under kill -9 at random moments: it opens again, its structure is sound, what it holds
 * is what was put up to some moment, and that moment lies at most a few commits back. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "base/prng.h"
#include "unit/store/store_kit.h"

#define KILLS     50
#define COMMIT_NS (20 * NS_PER_MS)
#define SERIES    5

/* Shared with the writer: how many rounds it has begun to put, has put, and knows to be written. */
struct progress {
    _Atomic uint64_t begun;
    _Atomic uint64_t put;
    _Atomic uint64_t synced;
};

static void
sleep_us(uint64_t us)
{
    struct timespec t = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

static uint64_t
minute(void)
{
    return (uint64_t)time(NULL) / 60 * 60;
}

/* Each round puts the running total of every series. Never returns. */
static void
write_until_killed(const char *dir, struct progress *progress, uint64_t from, uint64_t at_s)
{
    struct store_config config = {.dir = dir, .commit_ns = COMMIT_NS};
    struct diag diag = {0};
    struct store *s = NULL;
    if (store_open(&config, &diag, &s) != 0) {
        _exit(1);
    }
    for (uint64_t n = from + 1;; n++) {
        progress->begun = n;
        for (uint64_t f = 1; f <= SERIES; f++) {
            struct stored w = kit_window(at_s, f, n, SLICE_NONE);
            store_put(s, &w);
        }
        progress->put = n;
        if (n % 20 == 0 && store_sync(s) == 0) {
            progress->synced = n;
        }
        sleep_us(200);
    }
}

static bool
is_sound(const char *dir)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/" STORE_FILE, dir);
    sqlite3 *sql = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
    bool ok = sqlite3_prepare_v2(sql, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    sqlite3_close(sql);
    return ok;
}

/* The smallest and the largest total of all series. */
static void
totals_of(const char *dir, uint64_t *ret_low, uint64_t *ret_high)
{
    json_t *list = NULL;
    assert_int_equal(store_document(dir, "queries", &list), 0);
    *ret_low = json_array_size(list) < SERIES ? 0 : UINT64_MAX;
    *ret_high = 0;
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        uint64_t calls = (uint64_t)json_integer_value(json_object_get(row, "calls"));
        *ret_low = MIN(*ret_low, calls);
        *ret_high = MAX(*ret_high, calls);
    }
    json_decref(list);
}

static void
kills_lose_little(void **state)
{
    const char *given = getenv("SLOWBURN_SEED");
    uint64_t seed = given == NULL ? 20 : strtoull(given, NULL, 10);
    struct prng prng = {seed};
    char dir[64];
    kit_folder(dir);
    struct progress *progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(progress, MAP_FAILED);
    uint64_t at_s = minute(), kept = 0, lost_max = 0;
    for (int i = 0; i < KILLS; i++) {
        pid_t child = fork();
        if (child == 0) {
            write_until_killed(dir, progress, kept, at_s);
        }
        while (progress->put <= kept) { /* it has opened the store */
            int status = 0;
            assert_int_equal(waitpid(child, &status, WNOHANG), 0);
            sleep_us(1000);
        }
        sleep_us(prng_below(&prng, 80000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_true(is_sound(dir));
        uint64_t low = 0, high = 0;
        totals_of(dir, &low, &high);
        assert_true(high <= progress->begun); /* nothing that was never put */
        assert_true(low >= progress->synced); /* nothing that was written is lost */
        assert_true(low >= kept);             /* nor what was there before */
        assert_true(high - low <= 1);         /* a moment of all series */
        lost_max = MAX(lost_max, progress->begun - low);
        kept = high;
    }
    print_message("# seed %llu: %d kills, %llu rounds kept, at most %llu of 0.2 ms lost\n",
                  (unsigned long long)seed, KILLS, (unsigned long long)kept,
                  (unsigned long long)lost_max);
    munmap(progress, sizeof(*progress));
    kit_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kills_lose_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
