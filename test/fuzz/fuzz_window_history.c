/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "analysis/window/history.h"
#include "fuzz/target.h"

/* What is read is written and read again as the same; what is refused says why. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct history *h, *again;
    h = h == NULL ? check_alloc(1, sizeof(*h)) : h;
    again = again == NULL ? check_alloc(1, sizeof(*again)) : again;
    struct diag diag = {0}, none = {0};
    enum history_kind kind = HISTORY_NOTHING, second = HISTORY_NOTHING;
    if (history_line(h, slice_of(data, size), &diag, &kind) != 0) {
        assert(diag_is_set(&diag));
        return 0;
    }
    AUTO_BUF struct buf b;
    buf_init(&b, 8 * HISTORY_LINE_MAX);
    if (kind == HISTORY_READING) {
        assert(history_write(&h->reading, &b) == 0);
    } else if (kind == HISTORY_DEPLOY) {
        assert(history_write_deploy(&h->deploy, &b) == 0);
    } else {
        return 0;
    }
    int err = history_line(again, slice_of(b.data, b.len - 1), &none, &second);
    assert(err == 0 && second == kind);
    if (kind == HISTORY_READING) {
        assert(again->reading.start_s == h->reading.start_s);
        assert(again->reading.known == h->reading.known);
        assert(again->reading.cell_count == h->reading.cell_count);
        assert(slice_eq(again->reading.route, h->reading.route));
    } else {
        assert(slice_eq(again->deploy.name, h->deploy.name));
    }
    return 0;
}
