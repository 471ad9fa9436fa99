/* SPDX-License-Identifier: Apache-2.0
 * A response's body: whole, byte by byte and in sevens it looks the same. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "proto/http/http_shape.h"

static struct http_shape
shape_of(struct slice body, size_t step)
{
    const struct http_content json = {.type = RESPONSE_TYPE_JSON};
    struct http_shape s = {0};
    for (size_t at = 0; at < body.len; at += step) {
        http_shape_feed(&s, slice_sub(body, at, step));
    }
    http_shape_end(&s, &json);
    return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = slice_of(data, size);
    const struct http_shape whole = shape_of(body, MAX(size, (size_t)1));
    const struct response_shape *f = &whole.found;
    static const size_t steps[] = {1, 7};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const struct http_shape pieces = shape_of(body, steps[i]);
        if (memcmp(f, &pieces.found, sizeof(*f)) != 0 || whole.says_error != pieces.says_error) {
            abort();
        }
    }
    bool is_json = f->body == RESPONSE_OBJECT || f->body == RESPONSE_ARRAY;
    if (f->body >= RESPONSE_BODY_COUNT || (!is_json && (f->root_names | f->item_names) != 0) ||
        (f->root_is_whole && !is_json)) {
        abort();
    }
    return 0;
}
