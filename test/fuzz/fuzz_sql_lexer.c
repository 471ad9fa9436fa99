/* SPDX-License-Identifier: Apache-2.0
 * The lexer alone: the same tokens whole, byte by byte and in cuts of five, each with one begin and
 * one end. */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/target.h"
#include "proto/sql/sql_lexer.h"

enum { INPUT_MAX = 16384, TOKENS_LEN_MAX = 1 << 20 };

static void
say(struct buf *said, const struct sql_token *token, bool *open)
{
    if (token->begins == *open) {
        abort();
    }
    if (token->begins) {
        (void)buf_printf(said, "\n%d ", (int)token->kind);
    }
    (void)buf_append(said, token->piece);
    *open = !token->ends;
}

static void
read_tokens(struct buf *said, struct slice text, size_t step)
{
    struct sql_lexer lexer;
    struct sql_token token;
    bool open = false;
    sql_lexer_init(&lexer);
    while (text.len > 0) {
        struct slice in = slice_sub(text, 0, step);
        text = slice_sub(text, in.len, text.len);
        while (sql_lexer_next(&lexer, &in, &token)) {
            say(said, &token, &open);
        }
        if (in.len != 0) {
            abort();
        }
    }
    while (sql_lexer_end(&lexer, &token)) {
        say(said, &token, &open);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {SIZE_MAX, 1, 5};
    struct buf said[ARRAY_LEN(steps)];
    if (size > INPUT_MAX) {
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        buf_init(&said[i], TOKENS_LEN_MAX);
        read_tokens(&said[i], slice_of(data, size), steps[i]);
        if (!slice_eq(buf_slice(&said[i]), buf_slice(&said[0]))) {
            abort();
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        buf_fini(&said[i]);
    }
    return 0;
}
