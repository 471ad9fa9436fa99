/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http/http_outcome.h"

static bool
is_one_of(struct slice text, const struct slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_ci(text, words[i])) {
            return true;
        }
    }
    return false;
}

enum http_outcome
http_outcome_of(struct slice name)
{
    switch (name.len) {
    case 2:
        return slice_eq_ci(name, SLICE_LIT("ok")) ? HTTP_OUTCOME_SUCCESS : HTTP_OUTCOME_NONE;
    case 5:
        return slice_eq_ci(name, SLICE_LIT("error")) ? HTTP_OUTCOME_ERROR : HTTP_OUTCOME_NONE;
    case 6:
        return slice_eq_ci(name, SLICE_LIT("errors"))   ? HTTP_OUTCOME_ERROR
               : slice_eq_ci(name, SLICE_LIT("status")) ? HTTP_OUTCOME_STATUS
               : slice_eq_ci(name, SLICE_LIT("result")) ? HTTP_OUTCOME_STATUS
                                                        : HTTP_OUTCOME_NONE;
    case 7:
        return slice_eq_ci(name, SLICE_LIT("success")) ? HTTP_OUTCOME_SUCCESS : HTTP_OUTCOME_NONE;
    case 9:
        return slice_eq_ci(name, SLICE_LIT("exception")) ? HTTP_OUTCOME_ERROR : HTTP_OUTCOME_NONE;
    default:
        return HTTP_OUTCOME_NONE;
    }
}

bool
http_outcome_of_string(enum http_outcome member, struct slice text)
{
    static const struct slice failed[] = {
        {(const uint8_t *)"error", 5},
        {(const uint8_t *)"fail", 4},
        {(const uint8_t *)"failed", 6},
        {(const uint8_t *)"failure", 7},
    };
    return (member == HTTP_OUTCOME_ERROR && text.len > 0) ||
           (member == HTTP_OUTCOME_STATUS && is_one_of(text, failed, ARRAY_LEN(failed)));
}

bool
http_outcome_of_word(enum http_outcome member, struct slice text)
{
    static const struct slice nothing[] = {
        {(const uint8_t *)"null", 4},
        {(const uint8_t *)"false", 5},
        {(const uint8_t *)"0", 1},
    };
    return (member == HTTP_OUTCOME_ERROR && !is_one_of(text, nothing, ARRAY_LEN(nothing))) ||
           (member == HTTP_OUTCOME_SUCCESS && slice_eq_ci(text, SLICE_LIT("false")));
}
