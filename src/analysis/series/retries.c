/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/series/retries.h"

#include "base/prng.h"

#define CONTROL_MIN 20u
#define CONTROL_MAX 10000u

static void
turn_half(struct retries *r, uint64_t now_ns)
{
    if (now_ns < r->half_ns + RETRIES_HALF_NS) {
        return;
    }
    bool long_ago = now_ns >= r->half_ns + 2 * RETRIES_HALF_NS;
    r->half[1] = long_ago ? (struct retries_half){0} : r->half[0];
    r->half[0] = (struct retries_half){0};
    r->half_ns = now_ns;
}

void
retries_add(struct retries *r, uint64_t hash, uint64_t start_ns, uint64_t end_ns, bool failed)
{
    turn_half(r, end_ns);
    struct retries_half *h = &r->half[0];
    h->requests++;
    if (hash == 0) {
        return;
    }
    struct retries_slot *s = &r->slot[prng_mix(hash) % RETRIES_SLOTS];
    bool again = s->end_ns != 0 && s->hash == hash && start_ns >= s->end_ns &&
                 start_ns <= s->end_ns + RETRIES_WITHIN_NS;
    if (again && s->failed) {
        h->again++;
    } else if (again) {
        r->fine_again++;
    }
    if (failed) {
        h->failed++;
    } else if (++r->fine > CONTROL_MAX) {
        r->fine /= 2;
        r->fine_again /= 2;
    }
    *s = (struct retries_slot){hash, end_ns, failed};
}

struct retries_sum
retries_sum(const struct retries *r, uint64_t now_ns)
{
    struct retries_sum sum = {.control = -1};
    for (unsigned i = 0; i < 2 && now_ns <= r->half_ns + 2 * RETRIES_HALF_NS; i++) {
        sum.requests += r->half[i].requests;
        sum.failed += r->half[i].failed;
        sum.again += r->half[i].again;
    }
    sum.share = sum.failed > 0 ? (double)sum.again / (double)sum.failed : 0;
    if (r->fine >= CONTROL_MIN) {
        sum.control = (double)r->fine_again / (double)r->fine;
    }
    return sum;
}
