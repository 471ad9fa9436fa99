/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_content.h"

struct slice
http_content_media(struct slice type)
{
    return slice_trim(slice_sub(type, 0, slice_find(type, ';')));
}

bool
http_content_is_json(struct slice media)
{
    struct slice end = slice_sub(media, media.len >= 5 ? media.len - 5 : 0, 5);
    return slice_eq_ci(media, SLICE_LIT("application/json")) ||
           slice_eq_ci(media, SLICE_LIT("text/json")) || slice_eq_ci(end, SLICE_LIT("+json"));
}

/* As it is mostly written, or with other cases, which takes longer to see. */
static bool
is_called(struct slice name, struct slice usual)
{
    return slice_eq(name, usual) || slice_eq_ci(name, usual);
}

static enum response_type
type_of(struct slice value)
{
    struct slice media = http_content_media(value);
    if (slice_eq(media, SLICE_LIT("application/json")) || http_content_is_json(media)) {
        return RESPONSE_TYPE_JSON;
    }
    if (slice_eq_ci(media, SLICE_LIT("text/html")) ||
        slice_eq_ci(media, SLICE_LIT("application/xhtml+xml"))) {
        return RESPONSE_TYPE_HTML;
    }
    return media.len == 0                                    ? RESPONSE_TYPE_NONE
           : slice_starts_with_ci(media, SLICE_LIT("text/")) ? RESPONSE_TYPE_TEXT
                                                             : RESPONSE_TYPE_OTHER;
}

struct http_content
http_content_of(const struct http_head *h, struct slice bytes)
{
    const struct slice type = SLICE_LIT("Content-Type"), encoding = SLICE_LIT("Content-Encoding");
    struct http_content c = {.type = RESPONSE_TYPE_NONE};
    for (size_t i = 0; i < h->field_count; i++) {
        size_t len = h->fields[i].name.len;
        if (len != type.len && len != encoding.len) {
            continue; /* most */
        }
        struct slice name = http_span_of(bytes, h->fields[i].name);
        struct slice value = http_span_of(bytes, h->fields[i].value);
        if (is_called(name, type)) {
            c.type = type_of(value);
        } else if (is_called(name, encoding)) {
            c.is_encoded = !slice_eq_ci(value, SLICE_LIT("identity"));
        }
    }
    return c;
}
