/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "analysis/detect/detect.h"

#define AGAIN_MIN      20u
#define SHARE_MIN      0.5 /* of the requests that failed */
#define OVER_CONTROL   0.3
#define OF_ALL_MIN     0.1 /* of all requests */
#define PER_CENT(part) (100 * (part))

/* Of a route: the subject is no statement. */
bool
detect_retry_storm(const struct detect_input *in, struct finding *f)
{
    const struct watch *w = in->route->watch;
    struct retries_sum sum = retries_sum(&w->retries, in->now_ns);
    char again[32], all[32];
    if (sum.again < AGAIN_MIN || sum.share < SHARE_MIN || sum.control < 0 ||
        sum.share < sum.control + OVER_CONTROL ||
        (double)sum.again < OF_ALL_MIN * (double)sum.requests) {
        return false;
    }
    detect_begin(in, FINDING_RETRY_STORM, EVIDENCE_MEASURED, "values", f);
    f->has_saving = true;
    f->shares.waiting = in->route->waiting_ms > 0 ? (double)sum.again / (double)sum.requests : 0;
    f->saving_ms = MAX(in->route->waiting_ms, 0) * f->shares.waiting;
    snprintf(f->label, sizeof(f->label), "%.90s", w->text);
    snprintf(f->detail, sizeof(f->detail),
             "%.0f %% of the requests that failed came again within 30 s, of those that did not "
             "%.0f %%: %s of %s requests are repeats",
             PER_CENT(sum.share), PER_CENT(sum.control), detect_count((double)sum.again, again),
             detect_count((double)sum.requests, all));
    snprintf(
        f->advice, sizeof(f->advice),
        "let clients wait longer after each failure, by a random part, and give up after a few "
        "tries; until they do, answer 503 with Retry-After, or limit the rate in front");
    return true;
}
