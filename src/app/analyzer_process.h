/* SPDX-License-Identifier: Apache-2.0
 * app/analyzer_process.h - the analyzer process: channel, analysis, store and admin API together.
 *
 * The main thread owns the channel and waits; analysis, store and serve have threads of their own.
 * A supervisor that dies takes nothing with it: records keep coming through the rings, only
 * questions to the advisor find no way. As soon as another supervisor holds DATA/run.lock this one
 * flushes, lets go of the store, the admin port and DATA/analyzer.lock, and leaves. */
#ifndef APP_ANALYZER_PROCESS_H
#define APP_ANALYZER_PROCESS_H

/* Takes the descriptor. The exit code. log_init has been called; SIGINT and SIGHUP are ignored. */
int analyzer_process(int channel_fd, const char *data);

#endif
