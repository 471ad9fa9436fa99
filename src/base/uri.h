/* SPDX-License-Identifier: Apache-2.0
 * base/uri.h - a path as the path of a URI (RFC 3986): what would mean something else there is
 * written as %XX. Pure. */
#ifndef BASE_URI_H
#define BASE_URI_H

#include <stddef.h>

/* Room for a path of so many bytes, whatever they are. */
#define URI_PATH_SIZE(n) (3 * (size_t)(n) + 1)

/* Cut to size, behind a whole character of it. Returns dst. */
char *uri_path(const char *path, char *dst, size_t size);

#endif
