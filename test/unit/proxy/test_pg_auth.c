/* SPDX-License-Identifier: Apache-2.0
 * A login that is checked here, between a client and a server that are played with the two halves
 * of pg_scram; every message is cut into pieces of every length. */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "proxy/pg/pg_auth.h"
#include "proxy/pg/pg_held.h"

/* RFC 7677's secret of "pencil". */
#define SECRET                                                                                     \
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="     \
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="

struct play {
    struct pg_auth *auth;
    struct driver_session s;
    size_t cut;
    struct buf to_client; /* not heard yet; the others likewise */
    struct buf to_server;
    struct buf from_client;
    struct buf from_server;
    struct pg_scram client;
    struct pg_scram server;
    struct pg_scram_secret secret; /* the server's */
    const char *password;          /* the client's */
    bool trusts;
    bool client_is_in;
    enum pg_auth_verdict verdict;
};

static void
say(struct buf *to, char type, const void *head, size_t head_len, struct slice data)
{
    uint32_t len = (uint32_t)(4 + head_len + data.len);
    uint8_t bytes[] = {(uint8_t)type, 0, 0, (uint8_t)(len >> 8), (uint8_t)len};
    assert_int_equal(buf_append(to, slice_of(bytes, sizeof(bytes))), 0);
    assert_int_equal(buf_append(to, slice_of(head, head_len)), 0);
    assert_int_equal(buf_append(to, data), 0);
}

/* The next whole message of what one has heard; its body is valid until the next call. */
static bool
hear(struct buf *from, struct slice *ret_body)
{
    static uint8_t body[4096];
    if (from->len < PG_HEAD_LEN || from->len < 1 + (size_t)pg_held_u32(from->data + 1)) {
        return false;
    }
    size_t len = 1 + (size_t)pg_held_u32(from->data + 1);
    assert_true(len <= sizeof(body));
    memcpy(body, from->data, len);
    buf_consume(from, len);
    *ret_body = slice_of(body + PG_HEAD_LEN, len - PG_HEAD_LEN);
    return true;
}

static void
play_client(struct play *p)
{
    struct slice body;
    uint8_t text[PG_SCRAM_MESSAGE_MAX];
    while (hear(&p->to_client, &body)) {
        struct slice data = slice_sub(body, 4, body.len);
        struct pg_scram_salt salt;
        struct pg_scram_keys keys;
        size_t len;
        switch (pg_held_u32(body.ptr)) {
        case 0:
            p->client_is_in = true;
            break;
        case 10:
            pg_scram_init(&p->client, &credentials_hash);
            len = pg_scram_begin(&p->client, 'n', SLICE_LIT("client"), text);
            uint8_t head[] = "SCRAM-SHA-256\0\0\0\0"; /* and the literal's own NUL */
            head[sizeof(head) - 1] = (uint8_t)len;
            say(&p->from_client, 'p', head, sizeof(head), slice_of(text, len));
            break;
        case 11:
            assert_int_equal(pg_scram_challenge(&p->client, data, &salt), PG_SCRAM_OK);
            assert_int_equal(
                pg_scram_keys_derive(&credentials_hash, slice_from_str(p->password), &salt, &keys),
                0);
            assert_int_equal(pg_scram_answer(&p->client, &keys, SLICE_NONE, text, &len),
                             PG_SCRAM_OK);
            say(&p->from_client, 'p', NULL, 0, slice_of(text, len));
            break;
        case 12:
            assert_int_equal(pg_scram_confirm(&p->client, data), PG_SCRAM_OK);
            break;
        default:
            fail_msg("not a message for a client");
        }
    }
}

static void
play_server(struct play *p)
{
    struct slice body, first;
    while (hear(&p->to_server, &body)) {
        uint8_t key[PG_SCRAM_KEY_LEN], final[PG_SCRAM_SERVER_FINAL_LEN];
        if (p->server.len == 0) {
            assert_int_equal(pg_scram_greet(&p->server, false, false, slice_sub(body, 18, body.len),
                                            &p->secret, SLICE_LIT("server"), &first),
                             PG_SCRAM_OK);
            say(&p->from_server, 'R', "\0\0\0\x0b", 4, first);
        } else {
            assert_int_equal(pg_scram_verify(&p->server, body, &p->secret, SLICE_NONE, key, final),
                             PG_SCRAM_OK);
            say(&p->from_server, 'R', "\0\0\0\x0c", 4, slice_of(final, sizeof(final)));
            say(&p->from_server, 'R', "\0\0\0\0", 4, SLICE_NONE);
        }
    }
}

/* One piece of one side; false: it waits, or there is none. */
static bool
step(struct play *p, bool is_client)
{
    struct buf *from = is_client ? &p->from_client : &p->from_server;
    struct buf *on = is_client ? &p->to_server : &p->to_client;
    struct driver_out out = {0};
    size_t used;
    if (from->len == 0 || p->verdict != PG_AUTH_GOES_ON) {
        return false;
    }
    struct slice piece = slice_sub(buf_slice(from), 0, p->cut);
    p->verdict = is_client ? pg_auth_client(p->auth, &p->s, piece, &out, &used)
                           : pg_auth_server(p->auth, &p->s, piece, &out, &used);
    if (!out.drop) {
        assert_int_equal(buf_append(on, slice_sub(piece, 0, used)), 0);
    }
    if (p->verdict != PG_AUTH_REFUSED) {
        assert_int_equal(buf_append(&p->to_client, out.to_client), 0);
        assert_int_equal(buf_append(&p->to_server, out.to_upstream), 0);
    }
    buf_consume(from, used);
    return used > 0;
}

static void
run(struct play *p, const char *user_list, const char *password, size_t cut)
{
    char path[] = "/tmp/test_pg_auth.XXXXXX";
    struct diag diag = {0};
    struct credentials *credentials = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, user_list, strlen(user_list)), (ssize_t)strlen(user_list));
    close(fd);
    int err = credentials_new(path, &diag, &credentials);
    unlink(path);
    assert_int_equal(err, 0);
    p->auth = pg_auth_new(SLICE_LIT("user"), &(struct hash_key){1, 2});
    pg_auth_known(p->auth, &credentials);
    p->password = password;
    p->cut = cut;
    pg_scram_init(&p->server, &credentials_hash);
    assert_int_equal(pg_scram_secret_parse(SLICE_LIT(SECRET), &p->secret), 0);
    struct buf *all[] = {&p->to_client, &p->to_server, &p->from_client, &p->from_server};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        buf_init(all[i], 8192);
    }
    say(&p->from_server, 'R', p->trusts ? "\0\0\0\0" : "\0\0\0\x0aSCRAM-SHA-256\0\0",
        p->trusts ? 4 : 19, SLICE_NONE);
    while (step(p, false) || step(p, true)) {
        play_client(p);
        play_server(p);
    }
}

static void
over(struct play *p)
{
    pg_auth_free(&p->auth);
    buf_fini(&p->to_client);
    buf_fini(&p->to_server);
    buf_fini(&p->from_client);
    buf_fini(&p->from_server);
}

static void
a_secret_or_a_password_lets_in_at_every_cut(void **state)
{
    static const char *const lists[] = {"\"user\" \"" SECRET "\"\n",
                                        "; all\n\n\"another\" \"x\"\r\n \"user\"\t\"pencil\" "};
    for (size_t cut = 1; cut <= 256; cut += cut < 24 ? 1 : 29) {
        for (size_t i = 0; i < 2 * ARRAY_LEN(lists); i++) {
            struct play p = {.trusts = i % 2 == 1};
            run(&p, lists[i / 2], "pencil", cut);
            assert_int_equal(p.verdict, PG_AUTH_OVER);
            assert_true(p.client_is_in);
            over(&p);
        }
    }
}

/* Wrong, unknown, or nothing kept: the same words, the same steps, and the server hears nothing. */
static void
nobody_else_gets_in(void **state)
{
    static const char *const lists[] = {"\"user\" \"" SECRET "\"\n", "\"user\" \"pencil\"\n",
                                        "\"other\" \"pencils\"\n", "\"user\" \"\"\n", ""};
    for (size_t i = 0; i < 2 * ARRAY_LEN(lists); i++) {
        struct play p = {.trusts = i % 2 == 1};
        run(&p, lists[i / 2], "pencils", 7);
        assert_int_equal(p.verdict, PG_AUTH_REFUSED);
        assert_false(p.client_is_in);
        assert_string_equal(pg_auth_sqlstate(p.auth), "28P01");
        assert_string_equal(pg_auth_reason(p.auth),
                            "password authentication failed for user \"user\"");
        assert_int_equal(p.to_server.len, 0);
        over(&p);
    }
}

/* Either side speaks before its turn. */
static void
what_comes_too_early_waits(void **state)
{
    struct play p = {0};
    struct driver_out out = {0};
    struct slice early = SLICE_LIT("Q\0\0\0\x0dselect 1\0");
    size_t used = 1;
    run(&p, "\"user\" \"pencil\"\n", "pencil", 0);
    assert_int_equal(pg_auth_client(p.auth, &p.s, early, &out, &used), PG_AUTH_GOES_ON);
    assert_int_equal(used, 0);
    p.cut = 9;
    while (step(&p, false)) {
    }
    /* The server has asked; what it says before the client has answered waits, too. */
    assert_int_equal(pg_auth_server(p.auth, &p.s, SLICE_LIT("E\0\0\0\5\0"), &out, &used),
                     PG_AUTH_GOES_ON);
    assert_int_equal(used, 0);
    assert_int_equal(pg_auth_client(p.auth, &p.s, early, &out, &used), PG_AUTH_REFUSED);
    assert_string_equal(pg_auth_sqlstate(p.auth), "08P01");
    over(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_or_a_password_lets_in_at_every_cut),
        cmocka_unit_test(nobody_else_gets_in),
        cmocka_unit_test(what_comes_too_early_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
