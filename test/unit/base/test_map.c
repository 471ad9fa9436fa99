/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>

#include "base/prng.h"
#include "unit/unit.h"

/* Against a plain array: every answer is the model's, through 100,000 random operations. */
static void
behaves_like_an_array(void **state)
{
    enum { KEYS = 200, LIMIT = 100 };
    int values[KEYS];
    void *model[KEYS] = {0};
    size_t count = 0;
    struct prng prng = {1};
    struct map m;
    map_init(&m, LIMIT);
    for (int i = 0; i < 100000; i++) {
        uint64_t key = prng_below(&prng, KEYS);
        if (prng_below(&prng, 2) == 0) {
            int r = map_put(&m, key, &values[key]);
            if (model[key] == NULL && count == LIMIT) {
                assert_int_equal(r, -ENOSPC);
            } else {
                assert_int_equal(r, 0);
                count += model[key] == NULL;
                model[key] = &values[key];
            }
        } else {
            assert_ptr_equal(map_remove(&m, key), model[key]);
            count -= model[key] != NULL;
            model[key] = NULL;
        }
        uint64_t probe = prng_below(&prng, KEYS);
        assert_ptr_equal(map_get(&m, probe), model[probe]);
        assert_int_equal(m.count, count);
    }
    size_t at = 0, walked = 0;
    struct map_slot *slot;
    while ((slot = map_next(&m, &at)) != NULL) {
        assert_ptr_equal(slot->value, model[slot->key]);
        walked++;
    }
    assert_int_equal(walked, count);
    map_fini(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(behaves_like_an_array)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
