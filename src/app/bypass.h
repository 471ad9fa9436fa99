/* SPDX-License-Identifier: Apache-2.0
 * app/bypass.h - the verb `bypass`: for each listener, what to set to go round it.
 *
 * Reads the file of -c, or else what the last `slowburn run` left in the data directory; needs
 * nothing that runs. */
#ifndef APP_BYPASS_H
#define APP_BYPASS_H

extern const char *const bypass_usage;
extern const char *const bypass_help;

int bypass(int argc, char **argv); /* argv[0] is "bypass"; the exit code */

#endif
