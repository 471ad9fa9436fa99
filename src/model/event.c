/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <errno.h>

#define EVENT(name, id, type, doc)                                                                 \
    _Static_assert(sizeof(struct type) % 8 == 0, #type " is a multiple of 8 bytes");
#include "model/event.tbl"
#undef EVENT

size_t
event_body_size(unsigned type)
{
    switch (type) {
#define EVENT(name, id, type, doc)                                                                 \
    case id:                                                                                       \
        return sizeof(struct type);
#include "model/event.tbl"
#undef EVENT
    default:
        return 0;
    }
}

/* Bytes of the tail that the body's own counts promise. */
static uint64_t
tail_promised(const union event *ev)
{
    switch (ev->head.type) {
    case EV_NAME:
        return ev->as_event_name.text_len;
    case EV_STATEMENT:
        return ev->as_event_statement.text_len;
    case EV_QUERY:
        return 8ull * ev->as_event_query.value_count + ev->as_event_query.tags_len;
    case EV_REQUEST:
        return 8ull * ev->as_event_request.value_count + ev->as_event_request.path_len;
    case EV_LENS_VALUES:
        return ev->as_event_lens_values.text_len;
    case EV_LENS_ROWS:
        return (uint64_t)ev->as_event_lens_rows.column_count *
               (sizeof(struct event_lens_column) + 8ull * ev->as_event_lens_rows.row_count);
    case EV_COUNTERS:
        return 8ull * ev->as_event_counters.count;
    default:
        return 0;
    }
}

int
event_read(struct slice record, union event *ret_event, struct slice *ret_tail)
{
    struct event_head head;
    if (record.len < sizeof(head)) {
        return -EBADMSG;
    }
    memcpy(&head, record.ptr, sizeof(head));
    if (head.len != record.len || head.len % 8 != 0 || head.len > EVENT_LEN_MAX) {
        return -EBADMSG;
    }
    size_t body = event_body_size(head.type);
    if (body == 0) {
        return -ENOENT;
    }
    union event ev;
    if (head.body_len < sizeof(head) || head.body_len > record.len || head.body_len % 8 != 0) {
        return -EBADMSG;
    }
    size_t known = MIN(body, head.body_len);
    memcpy(&ev, record.ptr, known);
    memset((uint8_t *)&ev + known, 0, body - known);
    struct slice tail = slice_sub(record, head.body_len, record.len);
    if (tail_promised(&ev) > tail.len) {
        return -EBADMSG;
    }
    memcpy(ret_event, &ev, body);
    *ret_tail = tail;
    return 0;
}
