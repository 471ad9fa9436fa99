/* SPDX-License-Identifier: Apache-2.0
 * proto/http/http_outcome.h - does a member at the top of a response's JSON object say that
 * something went wrong, whatever the response's status says?
 *
 *   error, errors, exception   with anything but null, false, 0, "", [] and {}
 *   success, ok                with false
 *   status, result             with "error", "fail", "failed" or "failure"
 *
 * Case is folded. http_shape.h walks the object. Pure; a compare or two a member. */
#ifndef PROTO_HTTP_HTTP_OUTCOME_H
#define PROTO_HTTP_HTTP_OUTCOME_H

#include "base/check.h"
#include "base/slice.h"

enum http_outcome {
    HTTP_OUTCOME_NONE, /* its value says nothing */
    HTTP_OUTCOME_ERROR,
    HTTP_OUTCOME_SUCCESS,
    HTTP_OUTCOME_STATUS,
};

enum http_outcome http_outcome_of(struct slice name);

/* Of a string, between its quotes; of a number or a word, as it is. */
bool http_outcome_of_string(enum http_outcome member, struct slice text);
bool http_outcome_of_word(enum http_outcome member, struct slice text);

#endif
