/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "serve/serve.h"

#define TEXT_MAGIC 0x7e87c0deu

struct serve_text {
    unsigned magic;
    atomic_uint references;
    size_t len;
    uint8_t content[];
};

struct serve_text *
serve_text_new(struct slice content)
{
    struct serve_text *text = check_alloc(1, sizeof(*text) + content.len);
    text->magic = TEXT_MAGIC;
    atomic_init(&text->references, 1);
    text->len = content.len;
    if (content.len > 0) {
        memcpy(text->content, content.ptr, content.len);
    }
    return text;
}

struct serve_text *
serve_text_ref(struct serve_text *text)
{
    OBJ_CHECK(text, TEXT_MAGIC);
    atomic_fetch_add_explicit(&text->references, 1, memory_order_relaxed);
    return text;
}

void
serve_text_free(struct serve_text **text_ptr)
{
    struct serve_text *text = TAKE(*text_ptr);
    if (text == NULL) {
        return;
    }
    OBJ_CHECK(text, TEXT_MAGIC);
    if (atomic_fetch_sub_explicit(&text->references, 1, memory_order_acq_rel) == 1) {
        text->magic = 0;
        free(text);
    }
}

struct slice
serve_text_slice(const struct serve_text *text)
{
    OBJ_CHECK(text, TEXT_MAGIC);
    return slice_of(text->content, text->len);
}
