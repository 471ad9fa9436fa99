/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/private_file.h"

#define TLS_MAGIC 0x715c0de5u
#define ALPN_MAX  32

struct tls_context {
    _Atomic unsigned references;
    bool is_server;
    enum tls_verify verify;
    SSL_CTX *ssl;
    struct tls_binding binding;
    uint8_t alpn[1 + ALPN_MAX]; /* as the wire has it, its length first; length 0: none */
    char host[256];
};

struct tls {
    unsigned magic;
    struct tls_context *context;
    SSL *ssl;
    struct tls_out *out;
    struct slice in; /* fed and not used yet */
    bool has_failed;
    bool is_shut;
    uint8_t name_len;
    char name[TLS_NAME_MAX];
    char reason[160];
};

/* OpenSSL's own words for the oldest error of this thread; empties its queue. */
static const char *
ssl_reason(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == NULL ? "unknown reason" : reason;
}

/* Without this OpenSSL would ask for it at the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *user)
{
    return -1;
}

static int
use_key(struct tls_context *c, const char *path, struct diag *diag)
{
    __attribute__((cleanup(private_file_close))) FILE *file = NULL;
    int err = private_file_open(path, "key file", diag, &file);
    if (err != 0) {
        return err;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (key == NULL) {
        return diag_set_hint(diag, -EINVAL, "PEM, without a passphrase",
                             "cannot use the key file %s: %s", path, ssl_reason());
    }
    int ok = SSL_CTX_use_PrivateKey(c->ssl, key);
    EVP_PKEY_free(key);
    if (ok != 1 || SSL_CTX_check_private_key(c->ssl) != 1) {
        ERR_clear_error();
        return diag_set(diag, -EINVAL, "the key in %s is not the certificate's", path);
    }
    return 0;
}

/* RFC 5929: by the hash of the certificate's signature, but SHA-256 instead of MD5 and SHA-1. */
static struct tls_binding
binding_of(X509 *certificate)
{
    struct tls_binding b = {0};
    int digest_nid = NID_undef;
    unsigned len = 0;
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (certificate == NULL ||
        X509_get_signature_info(certificate, &digest_nid, NULL, NULL, NULL) != 1) {
        ERR_clear_error();
        return b;
    }
    if (digest_nid == NID_md5 || digest_nid == NID_sha1) {
        digest_nid = NID_sha256;
    }
    const EVP_MD *digest = digest_nid == NID_undef ? NULL : EVP_get_digestbynid(digest_nid);
    if (digest != NULL && X509_digest(certificate, digest, hash, &len) == 1 &&
        len <= sizeof(b.bytes)) {
        memcpy(b.bytes, hash, len);
        b.len = (uint8_t)len;
    }
    return b;
}

static int
use_certificate(struct tls_context *c, const struct tls_settings *s, struct diag *diag)
{
    if (SSL_CTX_use_certificate_chain_file(c->ssl, s->cert_file) != 1) {
        return diag_set(diag, -EINVAL, "cannot use the certificate file %s: %s", s->cert_file,
                        ssl_reason());
    }
    c->binding = binding_of(SSL_CTX_get0_certificate(c->ssl));
    return use_key(c, s->key_file == NULL ? s->cert_file : s->key_file, diag);
}

static int
use_ca(struct tls_context *c, const struct tls_settings *s, struct diag *diag)
{
    if (strcmp(s->ca_file, "system") == 0) {
        return SSL_CTX_set_default_verify_paths(c->ssl) == 1
                   ? 0
                   : diag_set(diag, -EINVAL, "cannot use the system's CA certificates");
    }
    if (SSL_CTX_load_verify_locations(c->ssl, s->ca_file, NULL) != 1) {
        return diag_set(diag, -EINVAL, "cannot use the CA file %s: %s", s->ca_file, ssl_reason());
    }
    if (s->is_server) {
        SSL_CTX_set_client_CA_list(c->ssl, SSL_load_client_CA_file(s->ca_file));
    }
    return 0;
}

/* A client that names protocols must name ours; RFC 7301 wants an alert otherwise. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
            unsigned in_len, void *arg)
{
    const struct tls_context *c = arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, c->alpn, 1u + c->alpn[0], in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void
set_policy(struct tls_context *c)
{
    int mode = SSL_VERIFY_NONE;
    SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                    SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c->ssl, 0);
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(c->ssl, no_passphrase);
    if (c->verify == TLS_VERIFY_GIVEN) {
        mode = SSL_VERIFY_PEER;
    } else if (c->verify != TLS_VERIFY_NONE) {
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(c->ssl, mode, NULL);
    if (c->alpn[0] > 0 && c->is_server) {
        SSL_CTX_set_alpn_select_cb(c->ssl, choose_alpn, c);
    } else if (c->alpn[0] > 0) {
        SSL_CTX_set_alpn_protos(c->ssl, c->alpn, 1u + c->alpn[0]);
    }
}

int
tls_context_new(const struct tls_settings *settings, struct diag *diag,
                struct tls_context **ret_context)
{
    struct tls_context *c = check_alloc(1, sizeof(*c));
    int err = 0;
    atomic_init(&c->references, 1);
    c->is_server = settings->is_server;
    c->verify = settings->verify;
    slice_to_str(slice_from_str(settings->host == NULL ? "" : settings->host), c->host,
                 sizeof(c->host));
    size_t alpn_len = settings->alpn == NULL ? 0 : MIN(strlen(settings->alpn), (size_t)ALPN_MAX);
    c->alpn[0] = (uint8_t)alpn_len;
    memcpy(c->alpn + 1, alpn_len == 0 ? "" : settings->alpn, alpn_len);
    c->ssl = SSL_CTX_new(c->is_server ? TLS_server_method() : TLS_client_method());
    if (c->ssl == NULL) {
        err = diag_set(diag, -ENOMEM, "cannot use OpenSSL: %s", ssl_reason());
    } else {
        set_policy(c);
        err = settings->cert_file == NULL ? 0 : use_certificate(c, settings, diag);
        if (err == 0 && settings->ca_file != NULL) {
            err = use_ca(c, settings, diag);
        }
    }
    if (err != 0) {
        tls_context_free(&c);
        return err;
    }
    *ret_context = c;
    return 0;
}

struct tls_context *
tls_context_ref(struct tls_context *context)
{
    atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
    return context;
}

void
tls_context_free(struct tls_context **context)
{
    struct tls_context *c = TAKE(*context);
    if (c == NULL || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    SSL_CTX_free(c->ssl);
    free(c);
}

/* OpenSSL's way to our slices. */

static int
bio_read(BIO *bio, char *dst, size_t len, size_t *ret_len)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (t->in.len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *ret_len = MIN(len, t->in.len);
    memcpy(dst, t->in.ptr, *ret_len);
    t->in = slice_sub(t->in, *ret_len, t->in.len);
    return 1;
}

static int
bio_write(BIO *bio, const char *src, size_t len, size_t *ret_len)
{
    struct tls *t = BIO_get_data(bio);
    t->out->put(t->out, slice_of(src, len));
    *ret_len = len;
    return 1;
}

static long
bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
    return what == BIO_CTRL_FLUSH || what == BIO_CTRL_DUP;
}

static BIO_METHOD *bio_method;

__attribute__((constructor)) static void
make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "slowburn");
    if (bio_method != NULL) {
        BIO_meth_set_read_ex(bio_method, bio_read);
        BIO_meth_set_write_ex(bio_method, bio_write);
        BIO_meth_set_ctrl(bio_method, bio_ctrl);
    }
}

__attribute__((destructor)) static void
free_bio_method(void)
{
    BIO_meth_free(bio_method);
}

/* Whom we mean to speak to: by address or by name, which then goes into the greeting (SNI). */
static bool
set_host(struct tls *t)
{
    const struct tls_context *c = t->context;
    uint8_t address[16];
    if (c->host[0] == '\0') {
        return c->verify != TLS_VERIFY_NAME;
    }
    bool is_address =
        inet_pton(AF_INET, c->host, address) == 1 || inet_pton(AF_INET6, c->host, address) == 1;
    if (!is_address && SSL_set_tlsext_host_name(t->ssl, c->host) != 1) {
        return false;
    }
    if (c->verify != TLS_VERIFY_NAME) {
        return true;
    }
    SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), c->host) == 1
                      : SSL_set1_host(t->ssl, c->host) == 1;
}

int
tls_new(struct tls_context *context, struct tls_out *out, struct tls **ret_tls)
{
    BIO *bio = bio_method == NULL ? NULL : BIO_new(bio_method);
    struct tls *t = calloc(1, sizeof(*t));
    if (bio == NULL || t == NULL) {
        BIO_free(bio);
        free(t);
        return -ENOMEM;
    }
    t->magic = TLS_MAGIC;
    t->context = tls_context_ref(context);
    t->out = out;
    t->ssl = SSL_new(context->ssl);
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    if (t->ssl == NULL) {
        BIO_free(bio);
        tls_free(&t);
        return -ENOMEM;
    }
    SSL_set_bio(t->ssl, bio, bio);
    if (context->is_server) {
        SSL_set_accept_state(t->ssl);
    } else {
        SSL_set_connect_state(t->ssl);
        if (!set_host(t)) {
            ERR_clear_error();
            tls_free(&t);
            return -EINVAL;
        }
    }
    *ret_tls = t;
    return 0;
}

void
tls_free(struct tls **tls)
{
    struct tls *t = TAKE(*tls);
    if (t == NULL) {
        return;
    }
    OBJ_CHECK(t, TLS_MAGIC);
    SSL_free(t->ssl);
    tls_context_free(&t->context);
    t->magic = 0;
    free(t);
}

static void
failed(struct tls *t)
{
    long verdict = SSL_get_verify_result(t->ssl);
    t->has_failed = true;
    t->in = SLICE_NONE;
    if (t->context->verify != TLS_VERIFY_NONE && verdict != X509_V_OK) {
        snprintf(t->reason, sizeof(t->reason), "the certificate is not accepted: %s",
                 X509_verify_cert_error_string(verdict));
        ERR_clear_error();
    } else {
        snprintf(t->reason, sizeof(t->reason), "%s", ssl_reason());
    }
}

void
tls_start(struct tls *tls)
{
    ERR_clear_error();
    int r = SSL_do_handshake(tls->ssl);
    if (r <= 0 && SSL_get_error(tls->ssl, r) != SSL_ERROR_WANT_READ) {
        failed(tls);
    }
}

void
tls_feed(struct tls *tls, struct slice ciphertext)
{
    assert(tls->in.len == 0 || ciphertext.len == 0);
    tls->in = tls->has_failed ? SLICE_NONE : ciphertext;
}

struct slice
tls_unread(const struct tls *tls)
{
    return tls->in;
}

enum tls_read
tls_read(struct tls *tls, uint8_t *buffer, struct slice *ret_piece)
{
    size_t len = 0;
    if (tls->has_failed) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    int r = SSL_read_ex(tls->ssl, buffer, TLS_PIECE_MAX, &len);
    if (r == 1) {
        *ret_piece = slice_of(buffer, len);
        return TLS_PIECE;
    }
    switch (SSL_get_error(tls->ssl, r)) {
    case SSL_ERROR_WANT_READ:
        return TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        tls->in = SLICE_NONE;
        return TLS_END;
    default:
        failed(tls);
        return TLS_FAILED;
    }
}

int
tls_write(struct tls *tls, struct slice plaintext)
{
    if (tls->has_failed || tls->is_shut) {
        return -EPIPE;
    }
    if (!tls_is_ready(tls)) {
        return -EAGAIN;
    }
    size_t done = 0;
    ERR_clear_error();
    /* Our BIO takes everything, so this is done in one go or has failed. */
    if (plaintext.len > 0 && SSL_write_ex(tls->ssl, plaintext.ptr, plaintext.len, &done) != 1) {
        failed(tls);
        return -EPIPE;
    }
    return 0;
}

void
tls_shut(struct tls *tls)
{
    if (!tls->has_failed && !tls->is_shut && tls_is_ready(tls)) {
        ERR_clear_error();
        SSL_shutdown(tls->ssl);
    }
    tls->is_shut = true;
}

bool
tls_is_ready(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1 && !tls->has_failed;
}

const char *
tls_reason(const struct tls *tls)
{
    return tls->reason;
}

const char *
tls_version(const struct tls *tls)
{
    return SSL_get_version(tls->ssl);
}

bool
tls_has_alpn(const struct tls *tls)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(tls->ssl, &chosen, &len);
    return len > 0 && len == tls->context->alpn[0] &&
           memcmp(chosen, tls->context->alpn + 1, len) == 0;
}

struct tls_binding
tls_binding(const struct tls *tls)
{
    return tls->context->is_server ? tls->context->binding
                                   : binding_of(SSL_get0_peer_certificate(tls->ssl));
}

struct slice
tls_peer_name(struct tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (tls->name_len == 0 && certificate != NULL && SSL_get_verify_result(tls->ssl) == X509_V_OK &&
        tls->context->verify != TLS_VERIFY_NONE) {
        X509_NAME *subject = X509_get_subject_name(certificate);
        int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
        const ASN1_STRING *text =
            at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
        uint8_t *utf8 = NULL;
        int len = text == NULL ? -1 : ASN1_STRING_to_UTF8(&utf8, text);
        /* A name with a NUL inside would be another one to whoever reads it as C does. */
        if (len > 0 && len <= TLS_NAME_MAX && memchr(utf8, 0, (size_t)len) == NULL) {
            memcpy(tls->name, utf8, (size_t)len);
            tls->name_len = (uint8_t)len;
        }
        OPENSSL_free(utf8);
        ERR_clear_error();
    }
    return slice_of(tls->name, tls->name_len);
}
