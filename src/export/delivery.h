/* SPDX-License-Identifier: Apache-2.0
 * export/delivery.h - one message on its way to one receiver: its secrets, its headers, and what
 * the answer means.
 *
 * Files are read anew for each message, so that a secret may be replaced at any time; a secret file
 * must be closed to others (io/private_file.h). Secrets are in no log and in no error. One thread
 * at a time, except delivery_cancel. */
#ifndef EXPORT_DELIVERY_H
#define EXPORT_DELIVERY_H

#include "export/message.h"
#include "export/retry.h"

#define DELIVERY_THREAD_MAX 64u

struct delivery_result {
    enum retry_verdict verdict;
    unsigned status;                  /* of HTTP; 0: none */
    uint64_t retry_after_ns;          /* as the receiver asked; 0: it did not */
    char error[128];                  /* "" when it was taken */
    char thread[DELIVERY_THREAD_MAX]; /* of Slack's message */
};

struct delivery;

/* Copies what it needs. 0 or -ENOMEM. */
MUST_CHECK int delivery_new(const char *name, const struct webhook_settings *settings,
                            const char *instance, const char *console,
                            struct delivery **ret_delivery);
void delivery_free(struct delivery **delivery);

/* Fills in the message's instance, console, receiver, secret and channel. 0 with a result, or
 * -ECANCELED. */
MUST_CHECK int delivery_send(struct delivery *d, struct message *m,
                             struct delivery_result *ret_result);

/* Any thread: delivery_send returns at once, for good. */
void delivery_cancel(struct delivery *d);

/* "sha256=" and the digits of HMAC-SHA256 over "TIMESTAMP.BODY". 0 or -EIO. */
#define DELIVERY_SIGNATURE_MAX 80u
MUST_CHECK int delivery_sign(struct slice secret, int64_t timestamp_s, struct slice body,
                             char ret_signature[DELIVERY_SIGNATURE_MAX]);

#endif
