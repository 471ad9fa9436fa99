/* SPDX-License-Identifier: Apache-2.0
 * serve/console.h - the files of the console, compressed and built into the binary.
 *
 * The build makes console_assets from web/, or takes console_none.c, which has none. Constant;
 * any thread. */
#ifndef SERVE_CONSOLE_H
#define SERVE_CONSOLE_H

#include "base/slice.h"

struct console_asset {
    const char *path;
    const char *type;
    const char *etag;   /* with its quotes */
    struct slice bytes; /* gzip */
};

extern const struct console_asset console_assets[];
extern const unsigned console_asset_count;

/* The file of this path; "/" also for the address of every screen. NULL: none. */
const struct console_asset *console_find(struct slice path);

/* Is this path the address of a screen, built in or not? */
bool console_is_screen(struct slice path);

#endif
