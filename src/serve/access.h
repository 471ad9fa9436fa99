/* SPDX-License-Identifier: Apache-2.0
 * serve/access.h - who may ask for what. Pure; the serve thread.
 *
 * Three rules, in this order: on loopback TCP the Host must be a loopback name (no rebinding); no
 * page of another site may use the API (Origin, Sec-Fetch-Site), whichever way it got here; what
 * changes state, and everything from elsewhere but the console's own files, needs the token. */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include "serve/api.h"

enum access_to {
    ACCESS_FILES,  /* of the console: nothing in them is secret */
    ACCESS_READ,   /* what the API knows */
    ACCESS_CHANGE, /* what the API does */
};

/* The HTTP status of the refusal with *ret_why, or 0: allowed. */
unsigned access_check(const struct api_request *request, const struct token *token,
                      enum access_to to, const char **ret_why);

#endif
