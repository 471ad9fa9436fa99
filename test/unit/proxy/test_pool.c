/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "proxy/pool.h"

static void
full_is_an_answer_and_objects_come_back_zeroed(void **state)
{
    struct pool pool;
    uint8_t *objects[10];
    assert_int_equal(pool_init(&pool, 100, ARRAY_LEN(objects)), 0);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
            objects[i] = pool_get(&pool);
            assert_int_equal((uintptr_t)objects[i] % 16, 0);
            for (size_t k = 0; k < 100; k++) {
                assert_int_equal(objects[i][k], 0);
            }
            memset(objects[i], 0xee, 100);
            for (size_t k = 0; k < i; k++) {
                assert_true(objects[k] + 100 <= objects[i] || objects[i] + 100 <= objects[k]);
            }
        }
        assert_null(pool_get(&pool));
        assert_int_equal(pool_used(&pool), 10);
        for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
            pool_put(&pool, objects[i]);
        }
        assert_int_equal(pool_used(&pool), 0);
    }
    pool_fini(&pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_is_an_answer_and_objects_come_back_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
