/* SPDX-License-Identifier: Apache-2.0
 * app/run.h - the verbs that are about the processes themselves: run, check-config, and the hidden
 * `child NAME`, which the supervisor starts. Each returns the exit code of the process. */
#ifndef APP_RUN_H
#define APP_RUN_H

extern const char *const run_usage;      /* arguments of `run` */
extern const char *const run_help;       /* the text of `run --help` */
extern const char *const run_check_help; /* the text of `check-config --help` */

int run_supervisor(int argc, char **argv);   /* argv[0] is "run" */
int run_check_config(int argc, char **argv); /* argv[0] is "check-config" */
int run_child(int argc, char **argv);        /* argv[0] is "child" */

#endif
