/* SPDX-License-Identifier: Apache-2.0
 * app/ask_upgrade.h - the verb `upgrade`: asks the running supervisor, follows what it does.
 *
 * Finds it by DATA/run.lock, sends SIGUSR2 and reads DATA/upgrade.json until that is over. */
#ifndef APP_ASK_UPGRADE_H
#define APP_ASK_UPGRADE_H

extern const char *const ask_upgrade_usage;
extern const char *const ask_upgrade_help;

int ask_upgrade(int argc, char **argv); /* argv[0] is "upgrade"; the exit code */

#endif
