/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/http/http_edit.h"

#include <errno.h>

unsigned
http_edit_remove(struct http_edit *e, const struct http_head *head, struct slice bytes,
                 struct slice name)
{
    unsigned count = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_name_eq_loosely(http_span_of(bytes, head->fields[i].name), name)) {
            e->removed[i] = true;
            e->removes = true;
            count++;
        }
    }
    return count;
}

static void
put(struct http_edit *e, struct slice s)
{
    if (s.len > 0) {
        memcpy(e->added + e->added_len, s.ptr, s.len);
        e->added_len += (uint16_t)s.len;
    }
}

int
http_edit_add(struct http_edit *e, const char *name, const struct slice *pieces, unsigned count)
{
    size_t need = strlen(name) + 4;
    for (unsigned i = 0; i < count; i++) {
        need += pieces[i].len;
    }
    if (need > sizeof(e->added) - e->added_len) {
        return -ENOSPC;
    }
    put(e, slice_from_str(name));
    put(e, SLICE_LIT(": "));
    for (unsigned i = 0; i < count; i++) {
        put(e, pieces[i]);
    }
    put(e, SLICE_LIT("\r\n"));
    return 0;
}

struct slice
http_edit_apply(const struct http_edit *e, const struct http_head *head, struct slice bytes,
                uint8_t *dst)
{
    size_t len = 0;
    size_t at = 0;
    size_t end = head->len - 2;
    for (size_t i = 0; e->removes && i < head->field_count; i++) {
        if (!e->removed[i]) {
            continue;
        }
        size_t field_at = head->fields[i].name.at;
        memcpy(dst + len, bytes.ptr + at, field_at - at);
        len += field_at - at;
        at = i + 1 < head->field_count ? head->fields[i + 1].name.at : end;
    }
    memcpy(dst + len, bytes.ptr + at, end - at);
    len += end - at;
    memcpy(dst + len, e->added, e->added_len);
    len += e->added_len;
    memcpy(dst + len, "\r\n", 2);
    return slice_of(dst, len + 2);
}
