/* SPDX-License-Identifier: Apache-2.0
 * export/retry.h - whether what a receiver answered is worth another try, and when.
 *
 * Waits double from RETRY_FIRST_NS to RETRY_MOST_NS, and a random half of each is left out, so that
 * many senders do not come back at once. A receiver that says how long to wait (Retry-After) is
 * waited for, up to RETRY_ASKED_MOST_NS. Pure; the state is the caller's. */
#ifndef EXPORT_RETRY_H
#define EXPORT_RETRY_H

#include "base/check.h"
#include "base/prng.h"

#define RETRY_FIRST_NS      (1ull * 1000000000)
#define RETRY_MOST_NS       (300ull * 1000000000)
#define RETRY_ASKED_MOST_NS (3600ull * 1000000000)

enum retry_verdict {
    RETRY_DONE,  /* it was taken */
    RETRY_LATER, /* another try may succeed */
    RETRY_NEVER, /* it will be refused again */
};

/* status: of HTTP; 0: there was no answer. */
enum retry_verdict retry_of_webhook(unsigned status);
/* As OTLP says: of all errors only 429, 502, 503 and 504 are tried again. */
enum retry_verdict retry_of_otlp(unsigned status);

struct retry {
    unsigned failures; /* in a row */
    struct prng prng;
};

/* Another failure: how long to wait. asked_ns: what the receiver said; 0: nothing. */
uint64_t retry_wait_ns(struct retry *retry, uint64_t asked_ns);

void retry_succeeded(struct retry *retry);

#endif
