/* SPDX-License-Identifier: Apache-2.0
 * serve/api_body.h - the bodies of what changes something: JSON from anybody who may post it.
 *
 * Pure; the serve thread. What is text is printable: no control characters (C0, DEL, C1) and none
 * that turn the direction of writing, because it is shown in terminals and logs. */
#ifndef SERVE_API_BODY_H
#define SERVE_API_BODY_H

#include "serve/serve.h"

/* Fills in what the command's kind takes from a body, which has at most SERVE_BODY_MAX bytes; of a
 * kind that takes none the body is not looked at. 0, or -EINVAL with what is wrong. */
MUST_CHECK int api_body_read(struct slice body, struct serve_command *command, struct diag *diag);

#endif
