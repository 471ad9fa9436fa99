/* SPDX-License-Identifier: Apache-2.0
 * What a server sends; and the bytes as the body of one row, whole and byte by byte. */
#include "fuzz/decode_check.h"
#include "fuzz/target.h"

/* All values of a row, in cuts of `step`, as one text. */
static enum dec
read_row(struct buf *said, struct slice body, size_t step)
{
    struct pg_row row = {0};
    struct pg_fact fact = {0};
    enum dec dec = DEC_MORE;
    while (body.len > 0 && dec == DEC_MORE) {
        struct slice piece = slice_sub(body, 0, step);
        body = slice_sub(body, piece.len, body.len);
        while ((dec = pg_row_next(&row, &piece, &fact)) == DEC_OK) {
            if (fact.first) {
                (void)buf_printf(said, "%u%s", fact.index, fact.is_null ? "n" : "");
            }
            pg_text_piece(said, fact.first, fact.last, fact.piece);
        }
    }
    return dec;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    struct buf whole, single;
    decode_check(false, bytes);
    if (size > DECODE_CHECK_LEN_MAX) {
        return 0;
    }
    buf_init(&whole, 1 << 24);
    buf_init(&single, 1 << 24);
    if (read_row(&whole, bytes, SIZE_MAX) != read_row(&single, bytes, 1) ||
        !slice_eq(buf_slice(&whole), buf_slice(&single))) {
        abort();
    }
    buf_fini(&whole);
    buf_fini(&single);
    return 0;
}
