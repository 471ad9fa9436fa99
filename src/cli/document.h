/* SPDX-License-Identifier: Apache-2.0
 * cli/document.h - where a verb gets its JSON from: the running daemon, or a store at rest.
 *
 * --data DIR: the daemon's socket DIR/admin.sock when it answers, else the store in DIR, read-only.
 * --admin HOST:PORT: that address. Neither: the socket in the default data directory, then
 * 127.0.0.1:7433. What fails is said on stderr, by name, with what to do. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <jansson.h>

#include "cli/options.h"

/* GET /api/v1/PATH. The caller owns *ret_document. CLI_OK, CLI_FAILED (the daemon refused and said
 * why) or CLI_UNREACHABLE. */
MUST_CHECK int document_get(const struct options *o, const char *verb, const char *path,
                            json_t **ret_document);

/* The same without a word: for those who ask until somebody answers. */
MUST_CHECK int document_try(const struct options *o, const char *path, json_t **ret_document);

/* POST /api/v1/PATH with a JSON body (may be NULL); needs the running daemon. */
MUST_CHECK int document_post(const struct options *o, const char *verb, const char *path,
                             const json_t *body, json_t **ret_document);

/* Members with a default, for documents of an older or newer daemon. Strings are borrowed. */
const char *document_text(const json_t *object, const char *key, const char *otherwise);
double document_number(const json_t *object, const char *key, double otherwise);

/* What an incident's route is named by, as a sentence without its full stop; "" where that is the
 * application, or not known. */
const char *document_route_basis(const json_t *incident);

/* How likely a deploy is that near by chance, of an incident's deploy: "that near by chance: 2 %";
 * "" where it says nothing of that, or nobody marked it. Returns dst. */
const char *document_deploy_chance(const json_t *deploy, char dst[64]);

/* As --json shows it. */
void document_print(const json_t *document);

#endif
