/* SPDX-License-Identifier: Apache-2.0
 * cli/terminal.h - what the terminal of standard output can. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Its columns; 0: it is no terminal, or does not say. */
size_t terminal_width(void);

/* Can it be drawn on: is there one, is it known, and can its cursor go anywhere? */
bool terminal_can_draw(void);

#define TERMINAL_COPY_MAX 60000 /* bytes that are copied at most */

/* Asks it to put this on its own clipboard (OSC 52), which works over ssh as well. Whether it does
 * is its own affair. */
void terminal_copy(const char *text);

#endif
