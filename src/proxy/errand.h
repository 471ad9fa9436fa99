/* SPDX-License-Identifier: Apache-2.0
 * proxy/errand.h - a connection of slowburn's own to a listener's upstream: a cancel request
 * (aside.h), what a driver looks up (driver.h).
 *
 * Made as a session's is (backend.h), with TLS as the listener says. At most ERRANDS_MAX of them a
 * worker; one on which nothing comes for ERRAND_TIMEOUT_NS is ended. A proxy whose last session has
 * ended waits for them. One thread. */
#ifndef PROXY_ERRAND_H
#define PROXY_ERRAND_H

#include "proxy/driver.h"

struct worker;
struct listener;

#define ERRANDS_MAX       80 /* cancels, and a look-up for each listener */
#define ERRAND_TIMEOUT_NS 5000000000ull

/* address: as backend_open; NULL: there are too many. */
struct errand *errand_open(struct worker *worker, const struct listener *listener,
                           const struct resolve_address *address, const struct errand_ops *ops,
                           void *ctx);
/* Waits while connecting; a failure shows as its end. */
void errand_write(struct errand *e, struct slice bytes);
const struct tls *errand_tls(const struct errand *e);
/* No callback after it. Sets *errand to NULL. */
void errand_close(struct errand **errand);
void errand_end_all(struct worker *worker);
size_t errand_size(void);

#endif
