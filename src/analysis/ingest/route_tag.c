/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ingest/route_tag.h"

#include "proto/http/http_path.h"

struct writer {
    char *dst;
    size_t size;
    size_t len;
    size_t segment_at; /* where the segment being written begins */
    bool is_full;
};

static void
put(struct writer *w, char c)
{
    if (w->len + 1 < w->size) {
        w->dst[w->len++] = c;
    } else {
        w->is_full = true;
    }
}

static bool
is_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "{name}", by the first word of what the framework wrote; "{x}" where it has none. */
static void
put_parameter(struct writer *w, struct slice name)
{
    size_t len = 0;
    while (len < name.len && is_name(name.ptr[len])) {
        len++;
    }
    put(w, '{');
    for (size_t i = 0; i < len; i++) {
        put(w, (char)name.ptr[i]);
    }
    if (len == 0) {
        put(w, 'x');
    }
    put(w, '}');
}

static void
end_segment(struct writer *w)
{
    struct slice segment = slice_of(w->dst + w->segment_at, w->len - w->segment_at);
    size_t stem;
    if (slice_find(segment, '{') == segment.len && http_segment_is_value(segment, &stem)) {
        w->len = w->segment_at;
        put_parameter(w, SLICE_LIT("id"));
    }
}

/* Up to the bracket that closes the one at the start; all of it when none does. */
static size_t
bracket_len(struct slice s, uint8_t open, uint8_t close)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        depth += s.ptr[i] == open;
        depth -= s.ptr[i] == close;
        if (depth == 0) {
            return i + 1;
        }
    }
    return s.len;
}

/* One parameter at the start of s, in any framework's way; 0: there is none. */
static size_t
take_parameter(struct writer *w, struct slice s)
{
    size_t len = 0;
    if (s.ptr[0] == '(') {
        len = bracket_len(s, '(', ')');
        struct slice group = slice_sub(s, 1, len - 1);
        size_t name = slice_find(group, '<');
        bool is_named = name < group.len && name <= 2; /* (?P<pk>...) */
        put_parameter(w, is_named ? slice_sub(group, name + 1, group.len) : SLICE_LIT(""));
    } else if (s.ptr[0] == '<') {
        len = bracket_len(s, '<', '>');
        struct slice inside = slice_sub(s, 1, len - 1);
        size_t colon = slice_find(inside, ':');
        put_parameter(w, slice_sub(inside, colon < inside.len ? colon + 1 : 0, inside.len));
    } else if (s.ptr[0] == '{') {
        len = bracket_len(s, '{', '}');
        put_parameter(w, slice_sub(s, 1, len - 1));
    } else if (s.ptr[0] == ':' && w->len == w->segment_at) {
        len = 1;
        while (len < s.len && is_name(s.ptr[len])) {
            len++;
        }
        put_parameter(w, slice_sub(s, 1, len - 1));
    }
    return len;
}

size_t
route_tag_template(struct slice tag, char *dst, size_t size)
{
    struct writer w = {.dst = dst, .size = size};
    struct slice s = slice_trim(tag);
    if (slice_find(s, '/') == s.len || slice_find(s, ' ') < s.len) {
        return 0;
    }
    put(&w, '/');
    w.segment_at = w.len;
    while (s.len > 0) {
        size_t taken = take_parameter(&w, s);
        uint8_t c = s.ptr[0];
        if (taken == 0 && c == '/') {
            end_segment(&w);
            if (w.len > w.segment_at) {
                put(&w, '/');
            }
            w.segment_at = w.len;
        } else if (taken == 0 && c > ' ' && strchr("^$?\\", c) == NULL) {
            put(&w, (char)c);
        }
        s = slice_sub(s, MAX(taken, 1u), s.len);
    }
    end_segment(&w);
    dst[w.len] = '\0';
    return w.is_full ? 0 : w.len;
}
