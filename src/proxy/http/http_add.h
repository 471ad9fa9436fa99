/* SPDX-License-Identifier: Apache-2.0
 * proxy/http/http_add.h - what a request's head is given on its way to the upstream.
 *
 *   traceparent                  always, unless there is one valid one
 *   X-Forwarded-For, -Proto,     `forwarded`: added to what the client says (append), or in the
 *   -Host                        place of it and of every other X-Forwarded-* and Forwarded
 *   X-Request-Id                 `request_id`: the client's where it is sane, else the trace id
 *
 * What is replaced goes in every spelling that an application could take for it (`_` for `-`).
 *
 * The worker's thread only; no allocation. */
#ifndef PROXY_HTTP_HTTP_ADD_H
#define PROXY_HTTP_HTTP_ADD_H

#include "base/prng.h"
#include "proxy/http/exchange.h"
#include "proxy/http/http_edit.h"

/* Also sets the exchange's trace: the client's when it is valid, else a new one. */
void http_add(struct exchange *x, const struct driver_session *s, struct prng *prng,
              const struct http_head *head, struct slice bytes, struct http_edit *edit);

#endif
