/* SPDX-License-Identifier: Apache-2.0
 * Look-ups with a name service of the test's own: slow, failing, and with answers that change. */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/resolve.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *answer[4]; /* NULL: the end; none: the name service fails */
static bool is_stuck;
static unsigned asked;

/* In the place of libc's. */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
    struct addrinfo *list = NULL;
    pthread_mutex_lock(&mutex);
    asked++;
    pthread_cond_broadcast(&changed);
    while (is_stuck) {
        pthread_cond_wait(&changed, &mutex);
    }
    for (unsigned i = ARRAY_LEN(answer); i-- > 0;) {
        if (answer[i] != NULL) {
            struct {
                struct addrinfo info;
                struct sockaddr_in sin;
            } *entry = calloc(1, sizeof(*entry));
            entry->sin.sin_family = AF_INET;
            entry->sin.sin_port = htons((uint16_t)atoi(service));
            inet_pton(AF_INET, answer[i], &entry->sin.sin_addr);
            entry->info = (struct addrinfo){.ai_addr = (struct sockaddr *)&entry->sin,
                                            .ai_addrlen = sizeof(entry->sin),
                                            .ai_next = list};
            list = &entry->info;
        }
    }
    pthread_mutex_unlock(&mutex);
    *ret = list;
    return list == NULL ? EAI_AGAIN : 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static void
set_answer(const char *first, const char *second, bool stuck)
{
    pthread_mutex_lock(&mutex);
    answer[0] = first;
    answer[1] = second;
    is_stuck = stuck;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static struct resolver *resolver;
static struct resolve_target *target;

static int
setup(void **state)
{
    struct diag diag = {0};
    asked = 0;
    assert_int_equal(resolver_new(&resolver), 0);
    return resolver_add(resolver, SLICE_LIT("db.test:5432"), &diag, &target);
}

static int
teardown(void **state)
{
    set_answer(NULL, NULL, false);
    resolver_free(&resolver);
    return 0;
}

/* "a b" as they are known now. */
static const char *
known(bool *ret_pending)
{
    static char text[RESOLVE_ADDRESSES_MAX * 32];
    struct resolve_address addresses[RESOLVE_ADDRESSES_MAX];
    unsigned count = resolve_addresses(target, addresses, ret_pending);
    text[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        char one[32];
        resolve_format(&addresses[i], one, sizeof(one));
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : " ", one);
    }
    return text;
}

static void
wait_until_asked(unsigned times)
{
    pthread_mutex_lock(&mutex);
    while (asked < times) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}

static void
wait_for_generation(uint32_t generation)
{
    while (resolve_generation(target) != generation) {
        usleep(500);
    }
}

/* At most one look-up a second: asks until one is under way. */
static void
refresh(void)
{
    while (!resolve_refresh(target)) {
        usleep(10000);
    }
}

static void
nobody_waits_for_a_slow_name_service(void **state)
{
    bool pending;
    wait_until_asked(1);
    assert_string_equal(known(&pending), "");
    assert_true(pending);
    assert_true(resolve_refresh(target)); /* one is under way already */
    assert_int_equal(resolve_generation(target), 0);
    set_answer("192.0.2.1", "192.0.2.2", false);
    wait_for_generation(1);
    assert_string_equal(known(&pending), "192.0.2.1:5432 192.0.2.2:5432");
    assert_false(pending);
    assert_int_equal(asked, 1);
}

static void
a_new_answer_replaces_the_old_one_and_a_failure_does_not(void **state)
{
    bool pending;
    set_answer("192.0.2.1", NULL, false);
    wait_for_generation(1);
    set_answer("192.0.2.7", NULL, true);
    refresh();
    wait_until_asked(2);
    /* What was known serves on while the name service thinks. */
    assert_string_equal(known(&pending), "192.0.2.1:5432");
    assert_true(pending);
    set_answer("192.0.2.7", NULL, false);
    wait_for_generation(2);
    assert_string_equal(known(&pending), "192.0.2.7:5432");
    set_answer(NULL, NULL, false);
    refresh();
    wait_for_generation(3);
    assert_string_equal(known(&pending), "192.0.2.7:5432");
    assert_false(pending);
}

static int
setup_stuck(void **state)
{
    set_answer(NULL, NULL, true);
    return setup(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_waits_for_a_slow_name_service, setup_stuck,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_new_answer_replaces_the_old_one_and_a_failure_does_not,
                                        setup_stuck, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
