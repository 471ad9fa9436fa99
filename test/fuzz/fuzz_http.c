/* SPDX-License-Identifier: Apache-2.0
 * The first byte says which side and how the rest is cut; the rest is one message. */
#include <stdlib.h>

#include "fuzz/target.h"
#include "proto/http/http_body.h"
#include "proto/http/http_path.h"
#include "proto/http/http_shape.h"
#include "proto/http/http_values.h"

static void
touch(void *arg, struct slice value)
{
    uint8_t *sum = arg;
    for (size_t i = 0; i < value.len; i++) {
        *sum ^= value.ptr[i];
    }
    if (value.len > HTTP_VALUE_MAX) {
        abort();
    }
}

static void
run_body(const struct http_head *h, struct slice rest, bool is_response, size_t step,
         struct http_values *v, struct http_shape *shape)
{
    struct http_body b;
    enum dec answer = DEC_MORE;
    if (is_response) {
        http_body_init_response(&b, h, false);
    } else {
        http_body_init_request(&b, h);
    }
    while (answer == DEC_MORE && rest.len > 0) {
        struct slice in = slice_sub(rest, 0, step);
        struct slice payload;
        size_t used = 0;
        answer = http_body_decode(&b, in, &used, &payload);
        if (used > in.len || payload.len > used || (answer == DEC_MORE && used == 0)) {
            abort();
        }
        http_values_body(v, payload);
        http_shape_feed(shape, payload);
        rest = slice_sub(rest, used, rest.len);
    }
    http_values_end(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    bool is_response = (data[0] & 1) != 0;
    size_t step = (size_t)(data[0] >> 1) + 1;
    struct slice text = slice_of(data + 1, size - 1);
    struct http_head h;
    enum dec answer = DEC_MORE;
    http_head_init(&h, is_response ? HTTP_RESPONSE : HTTP_REQUEST, 4096);
    for (size_t have = 0; answer == DEC_MORE && have < text.len;) {
        have = MIN(have + step, text.len);
        answer = http_head_decode(&h, slice_sub(text, 0, have));
    }
    if (answer == DEC_OK) {
        uint8_t sum = 0;
        char path[EVENT_PATH_MAX];
        struct http_values v;
        struct http_shape shape = {0};
        struct http_content content = http_content_of(&h, text);
        if (h.len > text.len || http_path_fold(http_span_of(text, h.target), path) > sizeof(path)) {
            abort();
        }
        http_values_init(&v, touch, &sum);
        http_values_head(&v, &h, text);
        run_body(&h, slice_sub(text, h.len, text.len), is_response, step, &v, &shape);
        http_shape_end(&shape, &content);
    }
    return 0;
}
