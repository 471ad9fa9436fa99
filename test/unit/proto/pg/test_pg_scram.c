/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "io/digest.h"
#include "proto/pg/pg_scram.h"

static const struct pg_scram_hash hash = {digest_sha256, digest_hmac_sha256, digest_pbkdf2_sha256};

/* RFC 7677, section 3: user "user", password "pencil". */
#define RFC_SALT         "W22ZaJ0SNY7soEsUEjb6gQ=="
#define RFC_CLIENT_NONCE "rOprNGfwEbeRWgbNEkqO"
#define RFC_SERVER_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_SERVER_FIRST "r=" RFC_CLIENT_NONCE RFC_SERVER_NONCE ",s=" RFC_SALT ",i=4096"
#define RFC_CLIENT_FINAL                                                                           \
    "c=biws,r=" RFC_CLIENT_NONCE RFC_SERVER_NONCE ",p=dHzbZapWIk4jUhN+"                            \
    "Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_SERVER_FINAL "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct pg_scram_keys keys;
static struct pg_scram_secret secret;

static void
derive(const char *password)
{
    struct pg_scram_secret parsed;
    assert_int_equal(
        pg_scram_secret_parse(SLICE_LIT("SCRAM-SHA-256$4096:" RFC_SALT
                                        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
                                        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="),
                              &parsed),
        0);
    assert_int_equal(pg_scram_keys_derive(&hash, slice_from_str(password), &parsed.salt, &keys), 0);
    assert_int_equal(pg_scram_secret_of(&hash, &keys, &parsed.salt, &secret), 0);
    if (strcmp(password, "pencil") == 0) {
        assert_memory_equal(&secret.stored_key, &parsed.stored_key, PG_SCRAM_KEY_LEN);
        assert_memory_equal(&secret.server_key, &parsed.server_key, PG_SCRAM_KEY_LEN);
    }
}

static void
the_rfcs_own_exchange_as_the_server(void **state)
{
    struct pg_scram x;
    struct slice first;
    uint8_t key[PG_SCRAM_KEY_LEN], final[PG_SCRAM_SERVER_FINAL_LEN];
    derive("pencil");
    pg_scram_init(&x, &hash);
    assert_int_equal(pg_scram_greet(&x, false, false, SLICE_LIT("n,,n=user,r=" RFC_CLIENT_NONCE),
                                    &secret, SLICE_LIT(RFC_SERVER_NONCE), &first),
                     PG_SCRAM_OK);
    assert_true(slice_eq(first, SLICE_LIT(RFC_SERVER_FIRST)));
    assert_int_equal(
        pg_scram_verify(&x, SLICE_LIT(RFC_CLIENT_FINAL), &secret, SLICE_NONE, key, final),
        PG_SCRAM_OK);
    assert_true(slice_eq(slice_of(final, sizeof(final)), SLICE_LIT(RFC_SERVER_FINAL)));
    /* What the client has shown is what one logs in with. */
    assert_memory_equal(key, keys.client_key, PG_SCRAM_KEY_LEN);
}

/* libpq's and PostgreSQL's client-first has an empty name where the RFC has "user", so the two
 * halves are tried against one another; the RFC's numbers hold the server's half in place. */
static void
exchange(char flag, bool is_plus, struct slice binding, struct slice seen_binding,
         enum pg_scram_result expected)
{
    struct pg_scram client, server;
    struct slice server_first;
    struct pg_scram_salt salt;
    uint8_t first[PG_SCRAM_MESSAGE_MAX], final[PG_SCRAM_MESSAGE_MAX], key[PG_SCRAM_KEY_LEN];
    uint8_t server_final[PG_SCRAM_SERVER_FINAL_LEN];
    size_t final_len;
    pg_scram_init(&client, &hash);
    pg_scram_init(&server, &hash);
    size_t first_len = pg_scram_begin(&client, flag, SLICE_LIT("clientnonce"), first);
    assert_int_equal(pg_scram_greet(&server, is_plus, is_plus, slice_of(first, first_len), &secret,
                                    SLICE_LIT("servernonce"), &server_first),
                     PG_SCRAM_OK);
    assert_int_equal(pg_scram_challenge(&client, server_first, &salt), PG_SCRAM_OK);
    assert_int_equal(salt.iterations, 4096);
    assert_int_equal(pg_scram_answer(&client, &keys, binding, final, &final_len), PG_SCRAM_OK);
    assert_int_equal(pg_scram_verify(&server, slice_of(final, final_len), &secret, seen_binding,
                                     key, server_final),
                     expected);
    if (expected == PG_SCRAM_OK) {
        struct slice said = slice_of(server_final, sizeof(server_final));
        assert_int_equal(pg_scram_confirm(&client, said), PG_SCRAM_OK);
        server_final[10] ^= 1;
        assert_int_equal(pg_scram_confirm(&client, said), PG_SCRAM_WRONG);
    }
}

static void
both_halves_understand_one_another(void **state)
{
    static const uint8_t one[64] = {1}, other[64] = {2};
    derive("pencil");
    exchange('n', false, SLICE_NONE, SLICE_NONE, PG_SCRAM_OK);
    exchange('y', false, SLICE_NONE, SLICE_NONE, PG_SCRAM_OK);
    exchange('p', true, slice_of(one, 32), slice_of(one, 32), PG_SCRAM_OK);
    exchange('p', true, slice_of(one, 64), slice_of(one, 64), PG_SCRAM_OK);
    exchange('p', true, slice_of(one, 32), slice_of(other, 32), PG_SCRAM_MISBOUND);
    exchange('p', true, slice_of(one, 32), slice_of(one, 48), PG_SCRAM_MISBOUND);
    struct pg_scram_keys right = keys;
    derive("pencils");
    keys = right;
    exchange('n', false, SLICE_NONE, SLICE_NONE, PG_SCRAM_WRONG);
}

static enum pg_scram_result
greet(const char *text, bool is_plus, bool is_plus_offered)
{
    struct pg_scram x;
    struct slice first;
    pg_scram_init(&x, &hash);
    enum pg_scram_result result = pg_scram_greet(&x, is_plus, is_plus_offered, slice_from_str(text),
                                                 &secret, SLICE_LIT("s"), &first);
    assert_true((result == PG_SCRAM_OK) == (x.reason == NULL));
    return result;
}

static void
what_a_client_may_not_say_first(void **state)
{
    static const char *const bad[] = {"",
                                      "n",
                                      "n,",
                                      "n,,",
                                      "n,,n=",
                                      "n,,n=,",
                                      "n,,n=,r=",
                                      "n,,n=,r",
                                      "n,a=x,n=,r=c",
                                      "n,,m=x,n=,r=c",
                                      "q,,n=,r=c",
                                      "n,,n=,r=a b",
                                      "n,,n=,r=\x7f",
                                      "p=tls-unique,,n=,r=c",
                                      "p=tls-server-end-point,,n=,r=c",
                                      "N,,n=,r=c",
                                      "n,,r=c,n="};
    char long_nonce[400] = "n,,n=,r=";
    derive("pencil");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(greet(bad[i], false, false), PG_SCRAM_MALFORMED);
    }
    memset(long_nonce + 8, 'x', PG_SCRAM_NONCE_MAX);
    assert_int_equal(greet(long_nonce, false, false), PG_SCRAM_OK);
    long_nonce[8 + PG_SCRAM_NONCE_MAX] = 'x';
    assert_int_equal(greet(long_nonce, false, false), PG_SCRAM_MALFORMED);
    assert_int_equal(greet("n,,n=,r=c", false, true), PG_SCRAM_OK);
    assert_int_equal(greet("n,,n=,r=c,x=y", false, true), PG_SCRAM_OK);
    assert_int_equal(greet("y,,n=,r=c", false, false), PG_SCRAM_OK);
    /* It could have bound, and believes that we could not: somebody took the offer away. */
    assert_int_equal(greet("y,,n=,r=c", false, true), PG_SCRAM_MISBOUND);
    assert_int_equal(greet("p=tls-server-end-point,,n=,r=c", true, true), PG_SCRAM_OK);
    assert_int_equal(greet("n,,n=,r=c", true, true), PG_SCRAM_MALFORMED);
    assert_int_equal(greet("p=tls-unique,,n=,r=c", true, true), PG_SCRAM_MALFORMED);
}

static void
what_a_client_may_not_say_last(void **state)
{
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define NONCE "r=" RFC_CLIENT_NONCE RFC_SERVER_NONCE
    static const struct {
        const char *text;
        enum pg_scram_result result;
    } cases[] = {
        {"", PG_SCRAM_MALFORMED},
        {",p=" PROOF, PG_SCRAM_MALFORMED},
        {"c=biws,p=" PROOF, PG_SCRAM_MALFORMED},
        {"c=biws," NONCE, PG_SCRAM_MALFORMED},
        {"c=biws," NONCE ",p=", PG_SCRAM_MALFORMED},
        {"c=biws," NONCE ",p=!" PROOF, PG_SCRAM_MALFORMED},
        {"c=biws," NONCE "x,p=" PROOF, PG_SCRAM_MALFORMED},
        {"c=biws,r=" RFC_CLIENT_NONCE ",p=" PROOF, PG_SCRAM_MALFORMED},
        {"c=eSws," NONCE ",p=" PROOF, PG_SCRAM_MALFORMED},
        {NONCE ",c=biws,p=" PROOF, PG_SCRAM_MALFORMED},
        {"c=biws," NONCE ",p=" PROOF ",x=y", PG_SCRAM_MALFORMED},
        {"c=biws," NONCE ",x=y,p=" PROOF, PG_SCRAM_WRONG}, /* well said, but not what was signed */
        {"c=biws," NONCE ",p=AAAAZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", PG_SCRAM_WRONG},
        {RFC_CLIENT_FINAL, PG_SCRAM_OK},
    };
    uint8_t key[PG_SCRAM_KEY_LEN], final[PG_SCRAM_SERVER_FINAL_LEN];
    derive("pencil");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct pg_scram x;
        struct slice first;
        pg_scram_init(&x, &hash);
        assert_int_equal(pg_scram_greet(&x, false, false,
                                        SLICE_LIT("n,,n=user,r=" RFC_CLIENT_NONCE), &secret,
                                        SLICE_LIT(RFC_SERVER_NONCE), &first),
                         PG_SCRAM_OK);
        assert_int_equal(
            pg_scram_verify(&x, slice_from_str(cases[i].text), &secret, SLICE_NONE, key, final),
            cases[i].result);
    }
}

static void
what_a_server_may_not_say(void **state)
{
    static const char *const first[] = {"",
                                        "r=clientX",
                                        "r=clientX,s=AAAA",
                                        "r=clientX,s=AAAA,i=0",
                                        "r=clientX,s=AAAA,i=x",
                                        "r=client,s=AAAA,i=1" /* adds nothing of its own */,
                                        "r=other,s=AAAA,i=1",
                                        "r=clientX,s=,i=1",
                                        "r=clientX,s=A,i=1",
                                        "r=clientX,s=AAAA,i=4294967296",
                                        "s=AAAA,r=clientX,i=1",
                                        "e=other-error"};
    struct pg_scram_salt salt;
    uint8_t dst[PG_SCRAM_MESSAGE_MAX];
    char longest[1100];
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        struct pg_scram x;
        pg_scram_init(&x, &hash);
        pg_scram_begin(&x, 'n', SLICE_LIT("client"), dst);
        assert_int_equal(pg_scram_challenge(&x, slice_from_str(first[i]), &salt),
                         PG_SCRAM_MALFORMED);
        assert_non_null(x.reason);
    }
    /* As much as fits into a message, in every part that may be long. */
    for (int nonce_len = 500; nonce_len < 520; nonce_len++) {
        struct pg_scram x;
        size_t len;
        pg_scram_init(&x, &hash);
        pg_scram_begin(&x, 'p', SLICE_LIT("client"), dst);
        snprintf(longest, sizeof(longest), "r=client%0*d,s=AAAA,i=1", nonce_len - 6, 7);
        enum pg_scram_result result = pg_scram_challenge(&x, slice_from_str(longest), &salt);
        assert_int_equal(result, nonce_len <= 512 ? PG_SCRAM_OK : PG_SCRAM_MALFORMED);
        if (result == PG_SCRAM_OK) {
            assert_int_equal(pg_scram_answer(&x, &keys, SLICE_LIT("binding"), dst, &len),
                             PG_SCRAM_OK);
            assert_true(len <= sizeof(dst));
        }
        assert_int_equal(pg_scram_confirm(&x, SLICE_LIT("v=")), PG_SCRAM_MALFORMED);
        assert_int_equal(pg_scram_confirm(&x, SLICE_LIT("e=no")), PG_SCRAM_MALFORMED);
    }
}

static void
secrets_are_read_strictly(void **state)
{
#define KEY "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    static const char *const bad[] = {"",
                                      "SCRAM-SHA-256",
                                      "SCRAM-SHA-256$",
                                      "SCRAM-SHA-256$4096",
                                      "SCRAM-SHA-256$4096:AAAA",
                                      "SCRAM-SHA-256$4096:AAAA$" KEY,
                                      "SCRAM-SHA-256$4096:AAAA$" KEY ":",
                                      "SCRAM-SHA-256$4096:AAAA$:" KEY,
                                      "SCRAM-SHA-256$0:AAAA$" KEY ":" KEY,
                                      "SCRAM-SHA-256$-1:AAAA$" KEY ":" KEY,
                                      "SCRAM-SHA-256$4096:$" KEY ":" KEY,
                                      "SCRAM-SHA-256$4096:AAAA$" KEY ":" KEY " ",
                                      "SCRAM-SHA-1$4096:AAAA$" KEY ":" KEY,
                                      "scram-sha-256$4096:AAAA$" KEY ":" KEY,
                                      "SCRAM-SHA-256$4096:AAAA$" KEY ":AAAA"};
    struct pg_scram_secret s;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_not_equal(pg_scram_secret_parse(slice_from_str(bad[i]), &s), 0);
    }
    assert_int_equal(pg_scram_secret_parse(SLICE_LIT("SCRAM-SHA-256$4096:AAAA$" KEY ":" KEY), &s),
                     0);
    assert_int_equal(s.salt.iterations, 4096);
    assert_int_equal(s.salt.len, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_own_exchange_as_the_server),
        cmocka_unit_test(both_halves_understand_one_another),
        cmocka_unit_test(what_a_client_may_not_say_first),
        cmocka_unit_test(what_a_client_may_not_say_last),
        cmocka_unit_test(what_a_server_may_not_say),
        cmocka_unit_test(secrets_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
