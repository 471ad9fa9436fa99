/* SPDX-License-Identifier: Apache-2.0 */
#include "export/protobuf.h"

#include <string.h>

#include "unit/unit.h"

static void
assert_bytes(const struct buf *b, const char *bytes, size_t len)
{
    assert_int_equal(b->len, len);
    assert_memory_equal(b->data, bytes, len);
}
#define ASSERT_BYTES(b, bytes) assert_bytes(b, bytes, sizeof(bytes) - 1)

static void
values_are_written_as_the_format_has_them(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1024);
    protobuf_varint(&b, 1, 150);
    ASSERT_BYTES(&b, "\x08\x96\x01");
    buf_reset(&b);
    protobuf_varint(&b, 16, UINT64_MAX);
    ASSERT_BYTES(&b, "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    buf_reset(&b);
    protobuf_string(&b, 2, "testing");
    ASSERT_BYTES(&b, "\x12\x07testing");
    buf_reset(&b);
    protobuf_fixed64(&b, 3, 0x0102030405060708);
    ASSERT_BYTES(&b, "\x19\x08\x07\x06\x05\x04\x03\x02\x01");
    buf_reset(&b);
    protobuf_double(&b, 3, 1.0);
    ASSERT_BYTES(&b, "\x19\0\0\0\0\0\0\xf0\x3f");
}

static void
messages_lie_within_each_other(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 1024);
    size_t outer = protobuf_open(&b, 1);
    size_t inner = protobuf_open(&b, 2);
    protobuf_varint(&b, 3, 7);
    protobuf_close(&b, inner);
    protobuf_close(&b, outer);
    ASSERT_BYTES(&b, "\x0a\x87\x80\x80\x00\x12\x82\x80\x80\x00\x18\x07");
}

static void
what_was_written_is_found_again(void **state)
{
    AUTO_BUF struct buf b;
    uint64_t value = 0;
    struct slice bytes = SLICE_NONE;
    buf_init(&b, 1024);
    protobuf_double(&b, 9, 1.5);
    size_t at = protobuf_open(&b, 1);
    protobuf_string(&b, 4, "name");
    protobuf_varint(&b, 5, 300);
    protobuf_close(&b, at);
    assert_true(protobuf_find(buf_slice(&b), 1, &value, &bytes));
    struct slice message = bytes;
    assert_true(protobuf_find(message, 5, &value, &bytes));
    assert_int_equal(value, 300);
    assert_true(protobuf_find(message, 4, &value, &bytes));
    assert_true(slice_eq(bytes, SLICE_LIT("name")));
    assert_false(protobuf_find(message, 6, &value, &bytes));
    /* Cut anywhere it ends well. */
    for (size_t len = 0; len < b.len; len++) {
        assert_false(protobuf_find(slice_sub(buf_slice(&b), 0, len), 1, &value, &bytes));
    }
    assert_false(protobuf_find(SLICE_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 1, &value,
                               &bytes));
    assert_false(protobuf_find(SLICE_LIT("\x0b\x0b"), 1, &value, &bytes));
}

static void
what_has_no_room_is_said(void **state)
{
    AUTO_BUF struct buf b;
    buf_init(&b, 8);
    size_t at = protobuf_open(&b, 1);
    protobuf_string(&b, 2, "too long");
    protobuf_close(&b, at);
    assert_true(buf_overflowed(&b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_written_as_the_format_has_them),
        cmocka_unit_test(messages_lie_within_each_other),
        cmocka_unit_test(what_was_written_is_found_again),
        cmocka_unit_test(what_has_no_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
