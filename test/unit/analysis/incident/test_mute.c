/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/incident/mute.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "unit/unit.h"

#define NOW (1700000000 * NS_PER_S)

static int
set(struct mutes *m, const char *subject, uint32_t seconds)
{
    return mutes_set(m, slice_from_str(subject), NOW, seconds);
}

static void
each_has_an_end(void **state)
{
    struct mutes m = {0};
    assert_int_equal(set(&m, "incident 1", 0), -ENOENT);
    assert_int_equal(set(&m, "", 60), -EINVAL);
    assert_int_equal(set(&m, "incident 1", MUTE_SECONDS_MAX + 1), -EINVAL);
    assert_int_equal(set(&m, "incident 1", 60), 0);
    assert_int_equal(set(&m, "route GET /a b", MUTE_SECONDS_MAX), 0);
    assert_int_equal(mutes_until(&m, "incident", "1"), NOW + 60 * NS_PER_S);
    assert_int_equal(mutes_until(&m, "incident", "11"), 0);
    assert_int_equal(mutes_until(&m, "route", "GET /a b"), NOW + MUTE_SECONDS_MAX * NS_PER_S);
    assert_int_equal(set(&m, "incident 1", 120), 0); /* another end, not another mute */
    assert_int_equal(m.count, 2);
    assert_false(mutes_expire(&m, NOW + 119 * NS_PER_S));
    assert_true(mutes_expire(&m, NOW + 120 * NS_PER_S));
    assert_int_equal(mutes_until(&m, "incident", "1"), 0);
    assert_int_equal(set(&m, "route GET /a b", 0), 0);
    assert_int_equal(m.count, 0);
}

static void
full_is_an_answer(void **state)
{
    struct mutes m = {0};
    char subject[MUTE_SUBJECT_MAX + 8];
    for (unsigned i = 0; i < MUTES_MAX; i++) {
        snprintf(subject, sizeof(subject), "incident %u", i + 1);
        assert_int_equal(set(&m, subject, 60), 0);
    }
    assert_int_equal(set(&m, "incident 1000", 60), -ENOSPC);
    assert_int_equal(set(&m, "incident 7", 90), 0);
    assert_int_equal(set(&m, "incident 7", 0), 0);
    assert_int_equal(set(&m, "incident 1000", 60), 0);
    memset(subject, 'x', sizeof(subject));
    assert_int_equal(mutes_set(&m, slice_of(subject, MUTE_SUBJECT_MAX), NOW, 60), -EINVAL);
}

static void
kept_and_back(void **state)
{
    struct mutes m = {0}, back = {0};
    assert_int_equal(set(&m, "incident 1", 60), 0);
    assert_int_equal(set(&m, "fingerprint 00000000000000aa", 3600), 0);
    json_t *saved = mutes_save(&m);
    mutes_load(&back, saved, NOW + 61 * NS_PER_S); /* one is over by then */
    json_decref(saved);
    assert_int_equal(back.count, 1);
    assert_int_equal(mutes_until(&back, "fingerprint", "00000000000000aa"), NOW + 3600 * NS_PER_S);
    assert_int_equal(back.mute[0].since_wall_ns, NOW);
}

/* Of another build, or of a disk that has changed it. */
static void
nonsense_is_left_out(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[1, null, {}]",
        "[{\"subject\": 1, \"until_ns\": 9000000000000000000}]",
        "[{\"subject\": \"route x\", \"until_ns\": -1}]",
        "[{\"subject\": \"route x\", \"since_ns\": 0, \"until_ns\": 9000000000000000000}]",
    };
    struct mutes m = {0};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_t *saved = json_loads(texts[i], 0, NULL);
        assert_non_null(saved);
        mutes_load(&m, saved, NOW);
        json_decref(saved);
    }
    mutes_load(&m, NULL, NOW);
    assert_int_equal(m.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_an_end),
        cmocka_unit_test(full_is_an_answer),
        cmocka_unit_test(kept_and_back),
        cmocka_unit_test(nonsense_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
