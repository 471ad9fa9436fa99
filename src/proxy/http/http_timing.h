/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/http_timing.h - Server-Timing on a response, where its listener wants it.
 *
 *   Server-Timing: db;dur=53.1;desc="12 queries"
 *
 * How many queries that carry the request's traceparent have ended when the response's head goes
 * on, and how long they took in all; `, 1 under way` behind it where one has not. One header line
 * behind the application's own. None where no such query was seen, or where the sum would not be
 * certain (proxy/server_timing.h). The worker's thread only. */
#ifndef PROXY_HTTP_HTTP_TIMING_H
#define PROXY_HTTP_HTTP_TIMING_H

#include "proxy/driver.h"
#include "proxy/http/exchange.h"
#include "proxy/http/http_edit.h"

/* The request's trace is known. */
void http_timing_open(struct exchange *x, const struct driver_session *s);
/* Its response's head has come, and is no interim one. Where there is a ticket (x->timing). */
void http_timing_add(struct exchange *x, struct http_edit *edit);

#endif
