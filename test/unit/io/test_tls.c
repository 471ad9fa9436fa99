/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>

#include "base/buf.h"
#include "io/tls.h"
#include "unit/io/certs.h"

static char folder[] = "/tmp/test_tls.XXXXXX";
static struct cert ca, other_ca, server, client;

static int
make_certs(void **state)
{
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    ca = cert_make(folder, "ca", NULL, NULL, EVP_sha256());
    other_ca = cert_make(folder, "other_ca", NULL, NULL, EVP_sha256());
    server = cert_make(folder, "server", "DNS:db.example,DNS:*.shop.example,IP:127.0.0.1", &ca,
                       EVP_sha384());
    client = cert_make(folder, "anna", NULL, &ca, EVP_sha256());
    return 0;
}

static int
drop_certs(void **state)
{
    cert_remove(&ca);
    cert_remove(&other_ca);
    cert_remove(&server);
    cert_remove(&client);
    return rmdir(folder);
}

/* One end in memory: what it put out waits for the other. */
struct end {
    struct tls_out out;
    struct tls *tls;
    struct buf sent;
    struct buf got;
    enum tls_read last;
};

static void
put(struct tls_out *out, struct slice ciphertext)
{
    struct end *e = CONTAINER_OF(out, struct end, out);
    assert_int_equal(buf_append(&e->sent, ciphertext), 0);
}

static void
end_open(struct end *e, const struct tls_settings *settings)
{
    struct diag diag = {0};
    struct tls_context *context = NULL;
    *e = (struct end){.out.put = put, .last = TLS_MORE};
    buf_init(&e->sent, 1 << 20);
    buf_init(&e->got, 1 << 20);
    if (tls_context_new(settings, &diag, &context) != 0) {
        fail_msg("%s", diag.message);
    }
    assert_int_equal(tls_new(context, &e->out, &e->tls), 0);
    tls_context_free(&context);
    tls_start(e->tls);
}

static void
end_close(struct end *e)
{
    tls_free(&e->tls);
    buf_fini(&e->sent);
    buf_fini(&e->got);
}

/* Hands over what `from` put out. */
static void
carry(struct end *from, struct end *to)
{
    static uint8_t bytes[1 << 20];
    static uint8_t piece_buffer[TLS_PIECE_MAX];
    size_t len = from->sent.len;
    struct slice piece;
    if (len > 0) {
        memcpy(bytes, from->sent.data, len);
        buf_reset(&from->sent);
    }
    tls_feed(to->tls, slice_of(bytes, len));
    while ((to->last = tls_read(to->tls, piece_buffer, &piece)) == TLS_PIECE) {
        assert_int_equal(buf_append(&to->got, piece), 0);
    }
    assert_true(to->last != TLS_MORE || tls_unread(to->tls).len == 0);
}

static void
shake(struct end *a, struct end *b)
{
    for (int i = 0; i < 4; i++) {
        carry(a, b);
        carry(b, a);
    }
}

static struct tls_settings
server_settings(void)
{
    return (struct tls_settings){.is_server = true,
                                 .cert_file = server.cert_file,
                                 .key_file = server.key_file,
                                 .alpn = "postgresql"};
}

static struct tls_settings
client_settings(void)
{
    return (struct tls_settings){.verify = TLS_VERIFY_NAME,
                                 .ca_file = ca.cert_file,
                                 .host = "db.example",
                                 .alpn = "postgresql"};
}

/* True when both ends are ready. */
static bool
meets(const struct tls_settings *s, const struct tls_settings *c)
{
    struct end a, b;
    end_open(&a, s);
    end_open(&b, c);
    shake(&b, &a);
    bool both =
        tls_is_ready(a.tls) && tls_is_ready(b.tls) && a.last == TLS_MORE && b.last == TLS_MORE;
    if (!both) {
        assert_true(tls_reason(a.tls)[0] != '\0' || tls_reason(b.tls)[0] != '\0');
        assert_int_not_equal(tls_write(b.last == TLS_FAILED ? b.tls : a.tls, SLICE_LIT("x")), 0);
    }
    end_close(&a);
    end_close(&b);
    return both;
}

static void
bytes_go_both_ways_and_end_with_a_goodbye(void **state)
{
    static uint8_t big[100000];
    struct tls_settings s = server_settings(), c = client_settings();
    struct end a, b;
    end_open(&a, &s);
    end_open(&b, &c);
    assert_int_equal(tls_write(b.tls, SLICE_LIT("too early")), -EAGAIN);
    shake(&b, &a);
    assert_true(tls_is_ready(a.tls) && tls_is_ready(b.tls));
    assert_true(tls_has_alpn(a.tls) && tls_has_alpn(b.tls));
    assert_string_equal(tls_version(a.tls), "TLSv1.3");
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (uint8_t)(i * 31 >> 3);
    }
    assert_int_equal(tls_write(b.tls, slice_of(big, sizeof(big))), 0);
    assert_int_equal(tls_write(a.tls, SLICE_LIT("hello")), 0);
    assert_int_equal(tls_write(a.tls, SLICE_NONE), 0);
    shake(&b, &a);
    assert_true(slice_eq(buf_slice(&a.got), slice_of(big, sizeof(big))));
    assert_true(slice_eq(buf_slice(&b.got), SLICE_LIT("hello")));
    tls_shut(b.tls);
    tls_shut(b.tls);
    assert_int_equal(tls_write(b.tls, SLICE_LIT("x")), -EPIPE);
    carry(&b, &a);
    assert_int_equal(a.last, TLS_END);
    end_close(&a);
    end_close(&b);
}

/* RFC 5929: both ends see the same hash, of the digest that the certificate is signed with. */
static void
both_ends_agree_on_the_binding(void **state)
{
    static const struct {
        const EVP_MD *(*digest)(void);
        unsigned len;
    } cases[] = {{EVP_sha256, 32}, {EVP_sha384, 48}, {EVP_sha512, 64}};
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        struct cert made = cert_make(folder, "binding", NULL, &ca, cases[i].digest());
        struct tls_settings s = server_settings(), c = {.is_server = false};
        struct end a, b;
        uint8_t expected[64];
        unsigned len = 0;
        s.cert_file = made.cert_file;
        s.key_file = made.key_file;
        end_open(&a, &s);
        end_open(&b, &c);
        shake(&b, &a);
        struct tls_binding ours = tls_binding(a.tls), theirs = tls_binding(b.tls);
        X509_digest(made.x509, cases[i].digest(), expected, &len);
        assert_int_equal(len, cases[i].len);
        assert_true(slice_eq(slice_of(ours.bytes, ours.len), slice_of(expected, len)));
        assert_true(slice_eq(slice_of(theirs.bytes, theirs.len), slice_of(expected, len)));
        end_close(&a);
        end_close(&b);
        cert_remove(&made);
    }
}

static void
a_server_is_who_it_is_meant_to_be(void **state)
{
    static const struct {
        const char *host;
        bool is_it;
    } names[] = {{"db.example", true},        {"a.shop.example", true}, {"127.0.0.1", true},
                 {"a.b.shop.example", false}, {"server", false},        {"other.example", false},
                 {"127.0.0.2", false}};
    struct tls_settings s = server_settings();
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        struct tls_settings c = client_settings();
        c.host = names[i].host;
        assert_int_equal(meets(&s, &c), names[i].is_it);
        c.verify = TLS_VERIFY_CA;
        assert_true(meets(&s, &c));
        c.ca_file = other_ca.cert_file;
        assert_false(meets(&s, &c));
        c.verify = TLS_VERIFY_NONE;
        assert_true(meets(&s, &c));
    }
}

static void
a_client_shows_a_certificate_where_it_must(void **state)
{
    struct tls_settings s = server_settings(), c = client_settings();
    struct tls_settings with = client_settings();
    with.cert_file = client.cert_file;
    with.key_file = client.key_file;
    s.ca_file = ca.cert_file;
    s.verify = TLS_VERIFY_GIVEN;
    assert_true(meets(&s, &c));
    assert_true(meets(&s, &with));
    s.verify = TLS_VERIFY_CA;
    assert_false(meets(&s, &c));
    assert_true(meets(&s, &with));
    s.ca_file = other_ca.cert_file;
    assert_false(meets(&s, &with));
    s.verify = TLS_VERIFY_GIVEN;
    assert_false(meets(&s, &with));
    struct end a, b;
    s.ca_file = ca.cert_file;
    end_open(&a, &s);
    end_open(&b, &with);
    shake(&b, &a);
    assert_true(slice_eq(tls_peer_name(a.tls), SLICE_LIT("anna")));
    assert_true(slice_eq(tls_peer_name(b.tls), SLICE_LIT("server")));
    end_close(&a);
    end_close(&b);
}

static void
other_protocols_and_old_versions_are_refused(void **state)
{
    struct tls_settings s = server_settings(), c = client_settings();
    c.alpn = "h2";
    assert_false(meets(&s, &c));
    c.alpn = NULL;
    assert_true(meets(&s, &c));
    struct end a;
    end_open(&a, &s);
    /* A ClientHello of TLS 1.1, as short as one may be. */
    static const uint8_t hello[] = {0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, 1, 2, 3,    4, 5, 6,
                                    7,    8, 9, 0, 1,  2, 3, 4, 5,  6, 7, 8, 9, 0,    1, 2, 3,
                                    4,    5, 6, 7, 8,  9, 0, 1, 2,  0, 0, 2, 0, 0x2f, 1, 0};
    struct slice piece;
    uint8_t buffer[TLS_PIECE_MAX];
    tls_feed(a.tls, slice_of(hello, sizeof(hello)));
    assert_int_equal(tls_read(a.tls, buffer, &piece), TLS_FAILED);
    assert_true(a.sent.len > 0 && a.sent.data[0] == 0x15);
    end_close(&a);
}

static void
garbage_fails_and_says_why(void **state)
{
    struct tls_settings s = server_settings();
    struct slice piece;
    uint8_t buffer[TLS_PIECE_MAX];
    struct end a;
    end_open(&a, &s);
    tls_feed(a.tls, SLICE_LIT("\0\0\0\x21\0\x03\0\0user\0anna\0database\0shop\0\0"));
    assert_int_equal(tls_read(a.tls, buffer, &piece), TLS_FAILED);
    assert_int_equal(tls_read(a.tls, buffer, &piece), TLS_FAILED);
    assert_true(tls_reason(a.tls)[0] != '\0');
    assert_false(tls_is_ready(a.tls));
    end_close(&a);
}

static int
try_files(const char *cert_file, const char *key_file, const char *ca_file, struct diag *diag)
{
    struct tls_settings s = {
        .is_server = true, .cert_file = cert_file, .key_file = key_file, .ca_file = ca_file};
    struct tls_context *context = NULL;
    *diag = (struct diag){0};
    int err = tls_context_new(&s, diag, &context);
    tls_context_free(&context);
    return err;
}

static void
bad_files_are_named(void **state)
{
    struct diag d;
    char missing[128], secret[128];
    snprintf(missing, sizeof(missing), "%s/none", folder);
    assert_int_equal(try_files(server.cert_file, server.key_file, NULL, &d), 0);
    assert_int_equal(try_files(missing, server.key_file, NULL, &d), -EINVAL);
    assert_non_null(strstr(d.message, missing));
    assert_int_equal(try_files(server.cert_file, missing, NULL, &d), -ENOENT);
    assert_int_equal(try_files(server.cert_file, client.key_file, NULL, &d), -EINVAL);
    assert_non_null(strstr(d.message, "not the certificate's"));
    assert_int_equal(try_files(server.cert_file, server.cert_file, NULL, &d), -EACCES);
    assert_int_equal(try_files(server.cert_file, server.key_file, missing, &d), -EINVAL);
    assert_non_null(strstr(d.message, missing));
    chmod(server.key_file, 0640);
    assert_int_equal(try_files(server.cert_file, server.key_file, NULL, &d), -EACCES);
    chmod(server.key_file, 0600);
    /* With a passphrase: an error, not a question at the terminal. */
    snprintf(secret, sizeof(secret), "%s/secret.key", folder);
    FILE *f = fopen(secret, "w");
    PEM_write_PKCS8PrivateKey(f, server.key, EVP_aes_128_cbc(), "swordfish", 9, NULL, NULL);
    fclose(f);
    chmod(secret, 0600);
    assert_int_equal(try_files(server.cert_file, secret, NULL, &d), -EINVAL);
    assert_null(strstr(d.message, "swordfish"));
    unlink(secret);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_and_end_with_a_goodbye),
        cmocka_unit_test(both_ends_agree_on_the_binding),
        cmocka_unit_test(a_server_is_who_it_is_meant_to_be),
        cmocka_unit_test(a_client_shows_a_certificate_where_it_must),
        cmocka_unit_test(other_protocols_and_old_versions_are_refused),
        cmocka_unit_test(garbage_fails_and_says_why),
        cmocka_unit_test(bad_files_are_named),
    };
    return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
