/* SPDX-License-Identifier: Apache-2.0
 * app/listeners_file.h - which listeners lead where: DATA/listeners.json.
 *
 * Written by the supervisor once they are open, so that `slowburn bypass` can say how to go round
 * them although nothing runs any more. Blocking file calls. */
#ifndef APP_LISTENERS_FILE_H
#define APP_LISTENERS_FILE_H

#include "app/config.h"

/* 0 or -errno. */
MUST_CHECK int listeners_file_write(const char *data, const struct config *c);

/* The listeners alone, into a new configuration. 0; -ENOENT: there is no such file; -EBADMSG. */
MUST_CHECK int listeners_file_read(const char *data, struct config *c);

#endif
