/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/buf.h"
#include "proxy/pg/pg_login.h"

#define PLUS  "SCRAM-SHA-256-PLUS\0"
#define SCRAM "SCRAM-SHA-256\0"

struct run {
    struct buf client; /* what it gets */
    struct buf said;   /* what the observer hears */
    bool is_done;
};

/* The server's bytes in pieces of `cut`, through the core's rules, up to the end of the login. */
static void
run_server(struct run *r, struct slice bytes, size_t cut, bool client_tls, bool upstream_tls)
{
    struct pg_login *l = pg_login_new();
    /* Only whether there is TLS counts where one of the legs is plain. */
    struct driver_session s = {.client_tls = client_tls ? (struct tls *)&s : NULL,
                               .upstream_tls = upstream_tls ? (struct tls *)&s : NULL};
    *r = (struct run){0};
    buf_init(&r->client, 1 << 16);
    buf_init(&r->said, 1 << 16);
    while (bytes.len > 0) {
        struct slice piece = slice_sub(bytes, 0, cut);
        bytes = slice_sub(bytes, piece.len, bytes.len);
        while (piece.len > 0 && !r->is_done) {
            struct driver_out out = {0};
            struct slice said;
            size_t used = pg_login_server(l, &s, piece, &out, &said, &r->is_done);
            assert_true(used > 0 && used <= piece.len);
            if (!out.drop) {
                assert_int_equal(buf_append(&r->client, slice_sub(piece, 0, used)), 0);
            }
            assert_int_equal(buf_append(&r->client, out.to_client), 0);
            assert_int_equal(buf_append(&r->said, said), 0);
            piece = slice_sub(piece, used, piece.len);
        }
        if (r->is_done) {
            assert_int_equal(buf_append(&r->client, piece), 0);
            assert_int_equal(buf_append(&r->said, piece), 0);
        }
    }
    pg_login_free(&l);
}

static void
expect(struct slice server, struct slice client, bool client_tls, bool upstream_tls, bool done)
{
    for (size_t cut = 1; cut <= server.len; cut++) {
        struct run r;
        run_server(&r, server, cut, client_tls, upstream_tls);
        assert_true(slice_eq(buf_slice(&r.client), client));
        assert_true(slice_eq(buf_slice(&r.said), client));
        assert_int_equal(r.is_done, done);
        buf_fini(&r.client);
        buf_fini(&r.said);
    }
}

static const char offer[] = "R\0\0\0\x2a\0\0\0\x0a" PLUS SCRAM;
static const char stripped[] = "R\0\0\0\x17\0\0\0\x0a" SCRAM;
static const char other_order[] = "R\0\0\0\x2a\0\0\0\x0a" SCRAM PLUS;

/* At every cut: the mechanism is gone where one leg is plain. */
static void
plus_is_taken_off_where_a_leg_is_plain(void **state)
{
    expect(slice_of(offer, sizeof(offer)), slice_of(stripped, sizeof(stripped)), false, true,
           false);
    expect(slice_of(other_order, sizeof(other_order)), slice_of(stripped, sizeof(stripped)), false,
           true, false);
    expect(slice_of(offer, sizeof(offer)), slice_of(stripped, sizeof(stripped)), true, false,
           false);
}

#define NOTICE  "N\0\0\0\x0cSNOTICE\0"
#define VERSION "v\0\0\0\x0c\0\3\0\0\0\0\0\0"
#define MD5     "R\0\0\0\x0c\0\0\0\x05salt"
#define OK      "R\0\0\0\x08\0\0\0\0"
#define BEHIND                                                                                     \
    "S\0\0\0\x06"                                                                                  \
    "a\0Z\0\0\0\5I"

static void
everything_else_passes(void **state)
{
    static const char login[] = NOTICE VERSION MD5 OK BEHIND;
    static const char only_scram[] = "R\0\0\0\x17\0\0\0\x0a" SCRAM;
    static const char error[] = "E\0\0\0\x0aSFATAL";
    static const char empty[] = "R\0\0\0\x08\0\0\0\x0a";
    expect(slice_of(login, sizeof(login) - 1), slice_of(login, sizeof(login) - 1), false, true,
           true);
    expect(slice_of(only_scram, sizeof(only_scram)), slice_of(only_scram, sizeof(only_scram)),
           false, true, false);
    expect(slice_of(error, sizeof(error) - 1), slice_of(error, sizeof(error) - 1), true, false,
           false);
    expect(slice_of(empty, sizeof(empty) - 1), slice_of(empty, sizeof(empty) - 1), true, false,
           false);
}

/* Longer than what is held back, or of a length that cannot be: on it goes, for the observer. */
static void
what_is_too_long_passes(void **state)
{
    static uint8_t message[3000] = {'R', 0, 0, 0x0b, 0xb7, 0, 0, 0, 8};
    static const char impossible[] = "R\0\0\0\3";
    for (size_t cut = 1; cut < 2000; cut += 333) {
        struct run r;
        run_server(&r, slice_of(message, sizeof(message)), cut, false, true);
        assert_true(slice_eq(buf_slice(&r.client), slice_of(message, sizeof(message))));
        buf_fini(&r.client);
        buf_fini(&r.said);
    }
    expect(slice_of(impossible, 5), slice_of(impossible, 5), false, true, false);
    expect(SLICE_LIT("R\xff\xff\xff\xff"), SLICE_LIT("R\xff\xff\xff\xff"), false, true, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plus_is_taken_off_where_a_leg_is_plain),
        cmocka_unit_test(everything_else_passes),
        cmocka_unit_test(what_is_too_long_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
