/* SPDX-License-Identifier: Apache-2.0
 * cli/cli.h - the verbs of the command line, except those that are processes (run).
 *
 * cli_main parses argv[1] as a verb, does it, prints to stdout (errors to stderr) and returns the
 * exit code. Single-threaded; one call a process. The verbs talk to the running daemon through its
 * admin API, or read a store at rest. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit codes, the same for every verb (slowburn(1), EXIT STATUS). */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,      /* understood, but it could not be done: no such incident, refused */
    CLI_USAGE = 2,       /* the words of the command are off */
    CLI_UNREACHABLE = 3, /* no daemon answers, and there is no store to read */
};

/* Verbs that another part of the program provides: shown in --help, called through here. */
struct cli_verb {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the verb */
    const char *args;
    const char *what;
    const char *more;
};

/* `extra` (extra_count of them) are listed first. Returns an exit code. */
int cli_main(int argc, char **argv, const struct cli_verb *extra, unsigned extra_count);

#endif
