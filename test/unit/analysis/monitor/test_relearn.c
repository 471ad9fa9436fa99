/* SPDX-License-Identifier: Apache-2.0
 * What is learned again on a thread of its own: whether anything will come of it is known when it
 * is over, and not before. */
#include "analysis/monitor/relearn.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "analysis/monitor/monitor.h"
#include "unit/unit.h"

#define NOW 1699833600ll

struct store {
    pthread_mutex_t lock; /* held: it is slow */
    int result;
};

static int
read_store(void *ctx, int64_t from_s, bool (*on_record)(void *arg, const struct stored *record),
           void *arg)
{
    struct store *s = ctx;
    pthread_mutex_lock(&s->lock);
    int result = s->result;
    pthread_mutex_unlock(&s->lock);
    return result;
}

static void
it_is_over_with_a_monitor_or_without(void **state)
{
    static const int result[] = {0, -EIO};
    (void)state;
    assert_true(relearn_is_over(NULL));
    assert_null(relearn_take(NULL));
    for (unsigned i = 0; i < ARRAY_LEN(result); i++) {
        struct store store = {.lock = PTHREAD_MUTEX_INITIALIZER, .result = result[i]};
        const struct monitor_config config = {0};
        struct replay *replay = replay_new(NOW, &config, NULL, 0);
        struct relearn *r = NULL;
        pthread_mutex_lock(&store.lock);
        assert_int_equal(relearn_new(&replay, NOW, read_store, &store, &r), 0);
        usleep(20000);
        assert_false(relearn_is_over(r));
        assert_null(relearn_take(r));
        pthread_mutex_unlock(&store.lock);
        for (unsigned ms = 0; ms < 60000 && !relearn_is_over(r); ms++) {
            usleep(1000);
        }
        assert_true(relearn_is_over(r));
        struct monitor *m = relearn_take(r);
        assert_int_equal(m != NULL, result[i] == 0);
        assert_null(relearn_take(r)); /* once */
        monitor_free(&m);
        relearn_free(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_over_with_a_monitor_or_without)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
