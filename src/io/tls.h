/* SPDX-License-Identifier: Apache-2.0
 * io/tls.h - TLS 1.2 and 1.3 for one end of a byte stream, without the stream.
 *
 *     ciphertext ──tls_feed──> tls ──tls_read──> plaintext, piece by piece
 *      plaintext ──tls_write─> tls ──put──────> ciphertext
 *
 * A context holds a certificate, its key and whom to trust. It never changes once made, is counted
 * and may be shared by threads; to use renewed files, make another. A tls is one connection's and
 * belongs to one thread. It copies nothing of what it is fed: what it has not used yet stays the
 * caller's to keep. io/conn.h ties it to a stream.
 *
 * No renegotiation, compression, session cache, tickets or early data: libpq and PostgreSQL use
 * none of them. Costs: one signature a handshake; memory is OpenSSL's own, given back between
 * records (SSL_MODE_RELEASE_BUFFERS). */
#ifndef IO_TLS_H
#define IO_TLS_H

#include "base/check.h"
#include "base/diag.h"
#include "base/slice.h"

#define TLS_PIECE_MAX   (16u * 1024) /* plaintext of one record */
#define TLS_BINDING_MAX 64           /* of a hash of a certificate */
#define TLS_NAME_MAX    64           /* of a certificate's common name */

enum tls_verify {
    TLS_VERIFY_NONE,
    TLS_VERIFY_GIVEN, /* server side: a client that shows a certificate must show a good one */
    TLS_VERIFY_CA,    /* the other side must show one that the CA has signed */
    TLS_VERIFY_NAME,  /* client side: and it must be that host's */
};

struct tls_settings {
    bool is_server;
    enum tls_verify verify;
    const char *cert_file; /* PEM, with its chain; NULL: none (client side only) */
    const char *key_file;
    const char *ca_file; /* PEM; "system": those of the system; NULL: none */
    const char *host;    /* client side: who it is meant to be, a name or an address */
    const char *alpn;    /* the one protocol that is spoken inside; NULL: none is negotiated */
};

/* What RFC 5929 calls tls-server-end-point: the hash of the server's certificate. len 0: there is
 * none. */
struct tls_binding {
    uint8_t len;
    uint8_t bytes[TLS_BINDING_MAX];
};

struct tls_context;
struct tls;

/* 0 or -errno with a diag that names the file. Reads the files: blocks. A key that others may read
 * is refused, and so is one with a passphrase. */
MUST_CHECK int tls_context_new(const struct tls_settings *settings, struct diag *diag,
                               struct tls_context **ret_context);
struct tls_context *tls_context_ref(struct tls_context *context);
/* Gives one reference back. */
void tls_context_free(struct tls_context **context);

/* Called with ciphertext for the other side, from inside tls_read, tls_write and tls_shut; the
 * bytes are valid during the call. */
struct tls_out {
    void (*put)(struct tls_out *out, struct slice ciphertext);
};

/* Takes a reference of the context. 0 or -ENOMEM. */
MUST_CHECK int tls_new(struct tls_context *context, struct tls_out *out, struct tls **ret_tls);
void tls_free(struct tls **tls);

/* Begins the handshake where it is ours to begin: the client's side. */
void tls_start(struct tls *tls);

/* What was read from the stream; what was fed before must be used up (tls_unread), or is dropped by
 * feeding nothing. Must stay valid until tls_read has said anything but TLS_PIECE. */
void tls_feed(struct tls *tls, struct slice ciphertext);
struct slice tls_unread(const struct tls *tls);

enum tls_read {
    TLS_PIECE,  /* *ret_piece is the next plaintext */
    TLS_MORE,   /* all that was fed is used up */
    TLS_END,    /* the other side has said goodbye */
    TLS_FAILED, /* tls_reason says why; an alert was put out */
};

/* Goes on with the handshake, too. buffer: of TLS_PIECE_MAX. */
enum tls_read tls_read(struct tls *tls, uint8_t *buffer, struct slice *ret_piece);

/* 0; -EAGAIN before the handshake is done; -EPIPE after tls_shut or a failure. */
MUST_CHECK int tls_write(struct tls *tls, struct slice plaintext);
/* Says goodbye. */
void tls_shut(struct tls *tls);

/* The handshake is done, and what was to be verified is. */
bool tls_is_ready(const struct tls *tls);
/* Static or the tls's own text; never holds anything of the traffic. */
const char *tls_reason(const struct tls *tls);
/* "TLSv1.3" */
const char *tls_version(const struct tls *tls);
/* The other side has agreed on settings.alpn. */
bool tls_has_alpn(const struct tls *tls);
/* The hash of the server's certificate, whichever side is ours; once ready. */
struct tls_binding tls_binding(const struct tls *tls);
/* The common name of the other side's verified certificate; empty when there is none. */
struct slice tls_peer_name(struct tls *tls);

#endif
