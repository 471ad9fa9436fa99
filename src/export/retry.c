/* SPDX-License-Identifier: Apache-2.0 */
#include "export/retry.h"

#define DOUBLINGS_MAX 16u

static bool
is_success(unsigned status)
{
    return status >= 200 && status < 300;
}

enum retry_verdict
retry_of_webhook(unsigned status)
{
    if (is_success(status)) {
        return RETRY_DONE;
    }
    bool passing = status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
    return passing ? RETRY_LATER : RETRY_NEVER;
}

enum retry_verdict
retry_of_otlp(unsigned status)
{
    if (is_success(status)) {
        return RETRY_DONE;
    }
    bool passing = status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
    return passing ? RETRY_LATER : RETRY_NEVER;
}

uint64_t
retry_wait_ns(struct retry *r, uint64_t asked_ns)
{
    uint64_t full_ns = MIN(RETRY_FIRST_NS << MIN(r->failures, DOUBLINGS_MAX), RETRY_MOST_NS);
    uint64_t wait_ns = full_ns / 2 + prng_below(&r->prng, full_ns / 2 + 1);
    r->failures++;
    return MAX(wait_ns, MIN(asked_ns, RETRY_ASKED_MOST_NS));
}

void
retry_succeeded(struct retry *r)
{
    r->failures = 0;
}
