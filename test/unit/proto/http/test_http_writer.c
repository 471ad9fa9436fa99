/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_writer.h"

#include "unit/unit.h"

static void
a_response_is_written(void **state)
{
    uint8_t memory[128];
    struct http_writer w;
    http_writer_init(&w, memory, sizeof(memory));
    http_writer_status(&w, 404);
    http_writer_field(&w, "Content-Type", SLICE_LIT("text/plain"));
    http_writer_body(&w, SLICE_LIT("gone"));
    assert_true(slice_eq(http_writer_slice(&w),
                         SLICE_LIT("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"
                                   "Content-Length: 4\r\n\r\ngone")));
}

static void
no_field_can_be_smuggled_in(void **state)
{
    uint8_t memory[128];
    struct http_writer w;
    http_writer_init(&w, memory, sizeof(memory));
    http_writer_field(&w, "Location", SLICE_LIT("x\r\nSet-Cookie: a"));
    http_writer_body(&w, SLICE_NONE);
    assert_true(w.failed && http_writer_slice(&w).len == 0);
}

static void
too_little_room_fails(void **state)
{
    uint8_t memory[20];
    struct http_writer w;
    http_writer_init(&w, memory, sizeof(memory));
    http_writer_status(&w, 200);
    assert_false(w.failed);
    http_writer_body(&w, SLICE_LIT("x"));
    assert_true(w.failed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_response_is_written),
        cmocka_unit_test(no_field_can_be_smuggled_in),
        cmocka_unit_test(too_little_room_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
