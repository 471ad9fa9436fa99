/* SPDX-License-Identifier: Apache-2.0
 * An incident that comes back from the store tells the same times as before, whatever the offset
 * between the two clocks was found to be. */
#include "analysis/incident/keep.h"

#include <errno.h>
#include <stdlib.h>

#include "analysis/report/incident.h"
#include "unit/unit.h"

#define T0    (5000 * NS_PER_S)
#define WALL0 (1700000000ull * NS_PER_S) /* a full millisecond: 1 ns less is another one */
#define DAY   (86400 * NS_PER_S)

static struct incident *
an_incident(void)
{
    struct incident *inc = incident_new_bare(3, "GET /a", T0, T0 + NS_PER_S);
    inc->updated_ns = inc->acknowledged_ns = inc->announced_ns = T0 + 2 * NS_PER_S;
    inc->onset_from_ns = T0 - 3 * NS_PER_S;
    inc->onset_to_ns = T0 + 3 * NS_PER_S;
    inc->has_deploy = true;
    inc->deploy_ns = T0 - NS_PER_S;
    inc->deploy_chance = 0.0625;
    inc->deploy_overlap = OVERLAP_AFFECTS;
    inc->state = INCIDENT_FIXING;
    snprintf(inc->episode.lane, sizeof(inc->episode.lane), "drift");
    inc->episode.onset_from_ns = T0 - 60 * NS_PER_S;
    inc->episode.onset_to_ns = T0 + 60 * NS_PER_S;
    inc->action_count = 1;
    inc->action[0].state = ACTION_LANDED;
    inc->action[0].landed_ns = T0 + 9 * NS_PER_S;
    incident_note(inc, T0, "onset", "it began");
    incident_note(inc, T0 + NS_PER_S, "opened", "it was seen");
    return inc;
}

static char *
told(const struct incident *inc, const struct wall_clock *clock)
{
    struct statement_table none;
    statement_table_init(&none, 1);
    json_t *o = report_incident(inc, &none, clock, 2);
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    statement_table_fini(&none);
    return text;
}

/* Kept by a process with clock a, and told by one with clock b as it was. */
static void
check_told_again(const struct incident *inc, const struct wall_clock *a, const struct wall_clock *b)
{
    struct incident *back = NULL;
    AUTO_BUF struct buf blob;
    buf_init(&blob, 1u << 20);
    char *before = told(inc, a);
    assert_int_equal(keep_incident(inc, a, &blob), 0);
    assert_int_equal(keep_incident_back(buf_slice(&blob), b, &back), 0);
    char *after = told(back, b);
    assert_string_equal(after, before);
    free(before);
    free(after);
    free(back);
}

static void
clocks_that_were_measured_anew_tell_the_same(void **state)
{
    struct wall_clock a, b;
    struct incident *inc = an_incident();
    const int64_t apart_ns[] = {0, 1, -1, 300000, -300000, 25000000, -25000000, 3000000000};
    wall_clock_init(&a, T0, WALL0);
    for (unsigned i = 0; i < ARRAY_LEN(apart_ns); i++) {
        wall_clock_init(&b, T0 + DAY, WALL0 + DAY + (uint64_t)apart_ns[i]);
        check_told_again(inc, &a, &b);
    }
    free(inc);
}

static void
a_machine_that_was_started_again_tells_the_same(void **state)
{
    struct wall_clock a, b;
    struct incident *inc = an_incident();
    wall_clock_init(&a, T0, WALL0);
    wall_clock_init(&b, 20 * NS_PER_S, WALL0 + 120 * NS_PER_S);
    check_told_again(inc, &a, &b);
    free(inc);
}

static void
a_clock_that_was_set_meanwhile_tells_the_same(void **state)
{
    struct wall_clock a, b;
    struct incident *inc = an_incident();
    wall_clock_init(&a, T0 - 90 * NS_PER_S, WALL0);
    wall_clock_look(&a, T0 + NS_PER_S / 2, WALL0 + DAY);
    wall_clock_init(&b, T0 + 60 * NS_PER_S, WALL0 + DAY + 60 * NS_PER_S);
    check_told_again(inc, &a, &b);
    free(inc);
}

/* It goes on as its document then, which tells them as they are. */
static void
what_is_too_old_is_refused(void **state)
{
    struct wall_clock a, b;
    struct incident *inc = an_incident(), *back = NULL;
    AUTO_BUF struct buf blob;
    buf_init(&blob, 1u << 20);
    wall_clock_init(&a, T0, WALL0);
    wall_clock_init(&b, 20 * NS_PER_S, WALL0 + 20 * DAY);
    assert_int_equal(keep_incident(inc, &a, &blob), 0);
    assert_int_equal(keep_incident_back(buf_slice(&blob), &b, &back), -ERANGE);
    assert_null(back);
    free(inc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_that_were_measured_anew_tell_the_same),
        cmocka_unit_test(a_machine_that_was_started_again_tells_the_same),
        cmocka_unit_test(a_clock_that_was_set_meanwhile_tells_the_same),
        cmocka_unit_test(what_is_too_old_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
