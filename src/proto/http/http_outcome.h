/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_outcome.h - does a response's body say that something went wrong, whatever its
 * status says?
 *
 * Looks at the members of a JSON object at its top, within the first HTTP_OUTCOME_MAX bytes:
 *
 *   error, errors, exception   with anything but null, false, 0, "", [] and {}
 *   success, ok                with false
 *   status, result             with "error", "fail", "failed" or "failure"
 *
 * Anything that is no JSON object says nothing. Not a parser: grammar is not checked. Keeps the
 * last name of at most HTTP_OUTCOME_WORD bytes and nothing else. A nanosecond or two a byte; pure;
 * one thread at a time. */
#ifndef PROTO_HTTP_HTTP_OUTCOME_H
#define PROTO_HTTP_HTTP_OUTCOME_H

#include "base/check.h"
#include "base/slice.h"

#define HTTP_OUTCOME_MAX  512u
#define HTTP_OUTCOME_WORD 10u

struct http_outcome {
    uint16_t seen; /* bytes */
    uint8_t state; /* enum outcome_state; zero is the beginning */
    uint8_t depth; /* of what is open, the object at the top being 1 */
    uint8_t name;  /* enum outcome_name of the member underway */
    uint8_t len;   /* of the word underway; beyond HTTP_OUTCOME_WORD: longer than that */
    bool says_error;
    char word[HTTP_OUTCOME_WORD];
};

/* Zeroed memory is a body of which nothing has come yet. */
void http_outcome_feed(struct http_outcome *o, struct slice bytes);

#endif
