/* SPDX-License-Identifier: Apache-2.0
 * serve/token.h - the secret that lets a TCP client change state: 64 hex digits in DATA/token.
 *
 * Made once, with mode 0600, and kept over restarts; one that is not ours alone, or not a token, is
 * replaced. Not for reading by anyone but the owner of the data directory. */
#ifndef SERVE_TOKEN_H
#define SERVE_TOKEN_H

#include "base/diag.h"
#include "base/slice.h"

#define TOKEN_LEN 64

struct token {
    char text[TOKEN_LEN + 1];
};

/* Reads it, or makes it. 0 or -errno with a diag. */
MUST_CHECK int token_load(const char *data_dir, struct diag *diag, struct token *ret_token);

/* Takes the same time wherever the difference is. */
bool token_matches(const struct token *token, struct slice given);

#endif
