/* SPDX-License-Identifier: Apache-2.0
 * cli/keys.h - single keys from the terminal, while a command of the user's runs in it.
 *
 * Only where standard input and output are a terminal and this process group is the one in front.
 * Keys come unechoed, without waiting for a line; Ctrl-C and Ctrl-Z still make their signals, and
 * output is as it was. The terminal is as before after keys_close, at exit, and after any signal
 * that ends or stops the process (a handler of the caller's own, set later, answers for its
 * signal); once it goes on, keys come again. What runs in the same terminal gets a standard input
 * on which nothing ever comes: two readers would take each other's keys. One terminal a process,
 * one thread. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "base/check.h"

enum keys_key {
    KEYS_NONE, /* nothing in this time */
    KEYS_BACKSPACE = 8,
    KEYS_ENTER = '\n',
    KEYS_UP = 256,
    KEYS_DOWN,
    KEYS_OTHER, /* one that has no meaning here */
    KEYS_GONE,  /* the terminal is not there any more, or nobody asked for keys */
};

/* False: there is no such terminal, and nothing was changed. */
MUST_CHECK bool keys_open(void);
/* The next key, at most that many milliseconds later: one of the above, or what it writes. */
int keys_next(int wait_ms);
void keys_close(void);

#endif
