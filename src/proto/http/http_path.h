/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_path.h - the path of a request without what is obviously a value.
 *
 *   /api/orders/1234?expand=items      -> /api/orders/{id}
 *   /files/3f2504e0-4f89-11d3-9a0c-0305e82c3301.pdf -> /files/{id}.pdf
 *
 * Obvious are: numbers, UUIDs, dates, long hexadecimal, e-mail addresses, anything percent-encoded
 * or with ',', '=' or ':' in it, words that end or begin in a number after a dash (order-1234),
 * four digits in a row, and long tokens that mix letters and digits. Names with a digit (v1,
 * oauth2) stay. Query and fragment are dropped; so are scheme and host of an absolute target.
 * Whether what is left is a route or still a value (a slug) is for whoever sees many paths.
 * Pure; one pass. */
#ifndef PROTO_HTTP_HTTP_PATH_H
#define PROTO_HTTP_HTTP_PATH_H

#include "base/slice.h"
#include "model/event.h"

/* The path of a request target, as sent: without scheme, host, query and fragment. "*" stays. */
struct slice http_target_path(struct slice target);
/* What follows the first '?', without a fragment; empty when there is none. */
struct slice http_target_query(struct slice target);

/* Is this path segment obviously a value? *ret_stem_len is how much of it: less than the whole when
 * a file extension follows. */
bool http_segment_is_value(struct slice segment, size_t *ret_stem_len);

/* Writes the path with its values replaced to dst and returns its length. What does not fit is cut
 * before the segment that does not fit, and "/..." ends it. */
size_t http_path_fold(struct slice target, char dst[EVENT_PATH_MAX]);

#endif
