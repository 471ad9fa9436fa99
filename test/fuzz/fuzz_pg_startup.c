/* SPDX-License-Identifier: Apache-2.0
 * A client's first packets: the same answers and the same names, whole, byte by byte, in fives. */
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz/target.h"
#include "proto/pg/pg_startup.h"

enum { SAID_MAX = 4096 };

static void
say_text(struct buf *said, const struct pg_startup_text *text)
{
    if (text->len > PG_STARTUP_TEXT_MAX) {
        abort();
    }
    (void)buf_append_byte(said, text->len);
    (void)buf_append(said, pg_startup_text(text));
}

static void
say_packet(struct buf *said, const struct pg_startup *s, enum pg_startup_kind kind)
{
    (void)buf_append_byte(said, (uint8_t)kind);
    switch (kind) {
    case PG_STARTUP_START:
        say_text(said, &s->user);
        say_text(said, &s->database);
        say_text(said, &s->application);
        (void)buf_printf(said, "%d %u", s->replication, s->minor);
        break;
    case PG_STARTUP_CANCEL:
        if (s->cancel_len < 16 || s->cancel_len > PG_CANCEL_LEN_MAX) {
            abort();
        }
        (void)buf_append(said, slice_of(s->cancel, s->cancel_len));
        break;
    default:
        break;
    }
}

static void
read_packets(struct buf *said, struct slice bytes, size_t step)
{
    struct pg_startup s = {0};
    enum pg_startup_kind kind;
    enum dec dec = DEC_MORE;
    bool over = false;
    while (bytes.len > 0 && !over) {
        struct slice in = slice_sub(bytes, 0, step);
        bytes = slice_sub(bytes, in.len, bytes.len);
        while (!over && (dec = pg_startup_next(&s, &in, &kind)) == DEC_OK) {
            say_packet(said, &s, kind);
            over = kind == PG_STARTUP_START || kind == PG_STARTUP_CANCEL;
        }
        over |= dec == DEC_BAD || dec == DEC_LIMIT;
    }
    if (dec == DEC_BAD || dec == DEC_LIMIT) {
        (void)buf_printf(said, "!%s at %llu", s.error.reason, (unsigned long long)s.error.offset);
    }
    (void)buf_append_byte(said, (uint8_t)dec);
    (void)buf_append_byte(said, pg_startup_is_cancel(&s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {SIZE_MAX, 1, 5};
    struct buf said[ARRAY_LEN(steps)];
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        buf_init(&said[i], SAID_MAX);
        read_packets(&said[i], slice_of(data, size), steps[i]);
        if (!slice_eq(buf_slice(&said[i]), buf_slice(&said[0]))) {
            abort();
        }
    }
    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        buf_fini(&said[i]);
    }
    return 0;
}
