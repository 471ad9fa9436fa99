/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/mailbox.h"

#include <errno.h>
#include <stdlib.h>

#include "unit/unit.h"

static void
put(struct mailbox *m, uint32_t id, const char *text, int wanted)
{
    struct letter letter = {.kind = LETTER_COMMAND, .command = 7, .ticket = 70 + id, .id = id};
    assert_int_equal(mailbox_put(m, &letter, slice_from_str(text)), wanted);
}

static void
take(struct mailbox *m, uint32_t id, const char *text)
{
    struct letter letter;
    assert_true(mailbox_take(m, &letter));
    assert_int_equal(letter.kind, LETTER_COMMAND);
    assert_int_equal(letter.command, 7);
    assert_int_equal(letter.ticket, 70 + id);
    assert_int_equal(letter.id, id);
    assert_int_equal(letter.len, strlen(text));
    assert_memory_equal(letter.text, text, letter.len);
    free(letter.text);
}

static void
letters_come_in_order_with_a_text_of_their_own(void **state)
{
    struct mailbox m;
    struct letter none;
    char text[] = "first";
    mailbox_init(&m);
    put(&m, 1, text, 0);
    text[0] = 'F';
    put(&m, 2, "", 0);
    take(&m, 1, "first");
    take(&m, 2, "");
    assert_false(mailbox_take(&m, &none));
    mailbox_fini(&m);
}

static void
a_full_box_refuses_and_keeps_what_it_has(void **state)
{
    struct mailbox m;
    mailbox_init(&m);
    put(&m, 1000, "so that the first place is not the first", 0);
    take(&m, 1000, "so that the first place is not the first");
    for (uint32_t i = 0; i < MAILBOX_MAX; i++) {
        put(&m, i, "a letter", 0);
    }
    put(&m, 2000, "one too many", -EAGAIN);
    take(&m, 0, "a letter");
    put(&m, MAILBOX_MAX, "the last", 0);
    for (uint32_t i = 1; i < MAILBOX_MAX; i++) {
        take(&m, i, "a letter");
    }
    put(&m, 3000, "left behind", 0); /* the box frees it */
    mailbox_fini(&m);
}

static void
nobody_waits_beside_a_letter_or_beyond_the_end(void **state)
{
    struct mailbox m;
    mailbox_init(&m);
    mailbox_wait(&m, 0);
    put(&m, 1, "a letter", 0);
    mailbox_wait(&m, UINT64_MAX);
    take(&m, 1, "a letter");
    mailbox_fini(&m);
}

static void *
write_later(void *arg)
{
    put(arg, 1, "from another thread", 0);
    return NULL;
}

static void
a_letter_wakes_who_waits(void **state)
{
    struct mailbox m;
    pthread_t thread;
    mailbox_init(&m);
    assert_int_equal(pthread_create(&thread, NULL, write_later, &m), 0);
    mailbox_wait(&m, INT64_MAX);
    take(&m, 1, "from another thread");
    pthread_join(thread, NULL);
    mailbox_fini(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_in_order_with_a_text_of_their_own),
        cmocka_unit_test(a_full_box_refuses_and_keeps_what_it_has),
        cmocka_unit_test(nobody_waits_beside_a_letter_or_beyond_the_end),
        cmocka_unit_test(a_letter_wakes_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
