/* SPDX-License-Identifier: Apache-2.0
 * test/unit/io/certs.h - keys and certificates made on the spot, as files in a folder of the test's
 * own. Include it in one file of an executable. */
#ifndef UNIT_IO_CERTS_H
#define UNIT_IO_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cert {
    EVP_PKEY *key;
    X509 *x509;
    char cert_file[128];
    char key_file[128];
};

static inline void
cert_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    X509_add_ext(x509, e, -1);
    X509_EXTENSION_free(e);
}

/* by NULL: signed by itself, a CA. names: a subjectAltName or NULL. digest: of the signature. */
static inline struct cert
cert_make(const char *folder, const char *name, const char *names, const struct cert *by,
          const EVP_MD *digest)
{
    struct cert c = {.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
    static long serial = 1;
    const struct cert *issuer = by == NULL ? &c : by;
    X509_set_version(c.x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c.x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c.x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c.x509), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c.x509), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c.x509, X509_get_subject_name(issuer->x509));
    X509_set_pubkey(c.x509, c.key);
    if (by == NULL) {
        cert_extension(c.x509, c.x509, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (names != NULL) {
        cert_extension(c.x509, issuer->x509, NID_subject_alt_name, names);
    }
    assert_true(X509_sign(c.x509, issuer->key, digest) > 0);
    snprintf(c.cert_file, sizeof(c.cert_file), "%s/%s.crt", folder, name);
    snprintf(c.key_file, sizeof(c.key_file), "%s/%s.key", folder, name);
    FILE *f = fopen(c.cert_file, "w");
    assert_non_null(f);
    PEM_write_X509(f, c.x509);
    fclose(f);
    f = fopen(c.key_file, "w");
    assert_non_null(f);
    PEM_write_PrivateKey(f, c.key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    chmod(c.key_file, 0600);
    return c;
}

static inline void
cert_remove(struct cert *c)
{
    unlink(c->cert_file);
    unlink(c->key_file);
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
}

#endif
