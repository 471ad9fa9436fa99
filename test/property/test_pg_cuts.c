/* SPDX-License-Identifier: Apache-2.0
 * However the bytes are cut, the decoders say the same: whole, byte by byte, at random. Streams
 * are built from every kind of message, and damaged at random in half of the rounds. */
#include "base/buf.h"
#include "base/prng.h"
#include "property/pg_text.h"
#include "proto/pg/pg_startup.h"
#include "unit/unit.h"

struct cuts {
    struct prng *prng;
    size_t fixed; /* 0: one piece */
    bool random;
};

static size_t
next_cut(void *ctx)
{
    struct cuts *c = ctx;
    return c->random ? 1 + prng_below(c->prng, 9) : c->fixed;
}

static void
put_int(struct buf *b, uint32_t v, unsigned size)
{
    while (size-- > 0) {
        assert(buf_append_byte(b, (uint8_t)(v >> (8 * size))) == 0);
    }
}

static void
put_random(struct buf *b, struct prng *p, size_t len, bool text)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)prng_next(p);
        assert(buf_append_byte(b, text && c == 0 ? 1 : c) == 0);
    }
}

static void
put_text(struct buf *b, struct prng *p, size_t len_max)
{
    put_random(b, p, prng_below(p, len_max), true);
    put_int(b, 0, 1);
}

static void
put_values(struct buf *b, struct prng *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (prng_below(p, 5) == 0) {
            put_int(b, UINT32_MAX, 4);
        } else {
            size_t len = prng_below(p, 30);
            put_int(b, (uint32_t)len, 4);
            put_random(b, p, len, false);
        }
    }
}

static void
put_body(struct buf *b, struct prng *p, bool frontend, uint8_t type)
{
    unsigned count = (unsigned)prng_below(p, 6);
    switch (type << 1 | frontend) {
    case 'Q' << 1 | 1:
        put_text(b, p, 200);
        break;
    case 'P' << 1 | 1:
        put_text(b, p, 100);
        put_text(b, p, 100);
        put_int(b, count, 2);
        put_random(b, p, 4 * count, false);
        break;
    case 'B' << 1 | 1:
        put_text(b, p, 20);
        put_text(b, p, 20);
        put_int(b, count, 2);
        put_random(b, p, 2 * count, false);
        put_int(b, count, 2);
        put_values(b, p, count);
        put_int(b, 1, 2);
        put_int(b, 1, 2);
        break;
    case 'D' << 1 | 1:
    case 'C' << 1 | 1:
        put_int(b, prng_below(p, 2) ? 'S' : 'P', 1);
        put_text(b, p, 90);
        break;
    case 'E' << 1 | 1:
        put_text(b, p, 20);
        put_int(b, count, 4);
        break;
    case 'D' << 1:
        put_int(b, count, 2);
        put_values(b, p, count);
        break;
    case 'T' << 1:
        put_int(b, count, 2);
        for (unsigned i = 0; i < count; i++) {
            put_text(b, p, 90);
            put_random(b, p, 18, false);
        }
        break;
    case 't' << 1:
        put_int(b, count, 2);
        put_random(b, p, 4 * count, false);
        break;
    case 'C' << 1:
        (void)buf_printf(b, "INSERT 0 %u", count);
        put_int(b, 0, 1);
        break;
    case 'E' << 1:
        (void)buf_append(b, SLICE_LIT("SERROR\0VERROR\0C42P01\0Mno\0\0"));
        break;
    case 'Z' << 1:
        put_int(b, 'T', 1);
        break;
    default:
        put_random(b, p, 4 + prng_below(p, 40), false);
    }
}

static void
put_message(struct buf *b, struct prng *p, bool frontend)
{
    const char *types = frontend ? "QPBDCESHdcfFXp" : "RKSZ123ntTDDDCIsENAGHWdcVv";
    uint8_t type = (uint8_t)types[prng_below(p, strlen(types))];
    struct buf body;
    buf_init(&body, 1 << 16);
    put_body(&body, p, frontend, type);
    put_int(b, type, 1);
    put_int(b, (uint32_t)body.len + 4, 4);
    assert(buf_append(b, buf_slice(&body)) == 0);
    buf_fini(&body);
}

static void
one_round(struct prng *p, bool frontend)
{
    struct buf bytes, whole, other;
    buf_init(&bytes, 1 << 20);
    buf_init(&whole, 1 << 22);
    buf_init(&other, 1 << 22);
    for (int i = 0; i < 12; i++) {
        put_message(&bytes, p, frontend);
    }
    bool damaged = prng_below(p, 2) == 0;
    for (uint64_t n = damaged ? 1 + prng_below(p, 4) : 0; n > 0; n--) {
        bytes.data[prng_below(p, bytes.len)] = (uint8_t)prng_next(p);
    }
    struct cuts cuts = {.prng = p};
    enum dec dec = pg_text_decode(&whole, frontend, buf_slice(&bytes), next_cut, &cuts);
    if (!damaged) {
        assert_int_equal(dec, DEC_MORE);
    }
    for (int way = 0; way < 3; way++) {
        cuts.fixed = 1;
        cuts.random = way > 0;
        buf_reset(&other);
        assert_int_equal(pg_text_decode(&other, frontend, buf_slice(&bytes), next_cut, &cuts), dec);
        assert_int_equal(other.len, whole.len);
        assert_memory_equal(other.data, whole.data, whole.len);
    }
    buf_fini(&bytes);
    buf_fini(&whole);
    buf_fini(&other);
}

static void
frontend_facts_do_not_depend_on_cuts(void **state)
{
    struct prng p = {11};
    for (int i = 0; i < 2000; i++) {
        one_round(&p, true);
    }
}

static void
backend_facts_do_not_depend_on_cuts(void **state)
{
    struct prng p = {12};
    for (int i = 0; i < 2000; i++) {
        one_round(&p, false);
    }
}

/* The columns of a row, fed in cuts, are those that were put in. */
static void
row_values_do_not_depend_on_cuts(void **state)
{
    struct prng p = {13};
    for (int round = 0; round < 2000; round++) {
        struct buf body, whole, other;
        buf_init(&body, 1 << 16);
        buf_init(&whole, 1 << 16);
        buf_init(&other, 1 << 16);
        unsigned count = (unsigned)prng_below(&p, 8);
        put_int(&body, count, 2);
        put_values(&body, &p, count);
        for (int way = 0; way < 3; way++) {
            struct buf *out = way == 0 ? &whole : &other;
            struct pg_row row = {0};
            struct pg_fact fact = {0};
            struct slice left = buf_slice(&body);
            buf_reset(out);
            while (left.len > 0) {
                struct slice in = slice_sub(left, 0,
                                            way == 0   ? left.len
                                            : way == 1 ? 1
                                                       : 1 + prng_below(&p, 9));
                left = slice_sub(left, in.len, left.len);
                while (pg_row_next(&row, &in, &fact) == DEC_OK) {
                    if (fact.first) {
                        (void)buf_printf(out, "%u%s", fact.index, fact.is_null ? "n" : "");
                    }
                    pg_text_piece(out, fact.first, fact.last, fact.piece);
                }
            }
            assert_int_equal(row.index, count);
        }
        assert_int_equal(whole.len, other.len);
        if (whole.len > 0) {
            assert_memory_equal(whole.data, other.data, whole.len);
        }
        buf_fini(&body);
        buf_fini(&whole);
        buf_fini(&other);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frontend_facts_do_not_depend_on_cuts),
        cmocka_unit_test(backend_facts_do_not_depend_on_cuts),
        cmocka_unit_test(row_values_do_not_depend_on_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
