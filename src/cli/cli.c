/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/verbs.h"

static const struct cli_verb verbs[] = {
#define VERB(name, function, args, what, more) {name, function, args, what, more},
#include "cli/verbs.tbl"
#undef VERB
};

#define LEFT_COLUMNS 40 /* of a verb and its arguments */

static const char common_options[] =
    "  --data DIR         the daemon's data directory: its socket, or its store at rest\n"
    "  --admin HOST:PORT  the daemon's admin address (default 127.0.0.1:7433)\n";

static const char exit_codes[] =
    "Exit status: 0 done, 1 it could not be done, 2 wrong usage, 3 no daemon and no store.\n";

int
verb_version(int argc, char **argv)
{
    printf("slowburn %s\n", SLOWBURN_VERSION);
    return CLI_OK;
}

static void
print_verb(FILE *out, const struct cli_verb *v)
{
    int left = fprintf(out, "  %s%s%s", v->name, v->args[0] == '\0' ? "" : " ", v->args);
    if (left > LEFT_COLUMNS) {
        fputs("\n", out);
        left = 0;
    }
    fprintf(out, "%*s %s\n", LEFT_COLUMNS - left, "", v->what);
}

static int
print_help(FILE *out, const struct cli_verb *extra, unsigned extra_count)
{
    fputs("slowburn stands between an API and its database and finds out why it gets slower.\n\n"
          "Usage: slowburn VERB [ARGUMENTS]\n\n",
          out);
    for (unsigned i = 0; i < extra_count; i++) {
        print_verb(out, &extra[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        print_verb(out, &verbs[i]);
    }
    fprintf(out,
            "\nOptions of the verbs that ask the daemon:\n%s\n%s"
            "'slowburn VERB --help' tells more; slowburn(1) is the manual.\n",
            common_options, exit_codes);
    return out == stdout ? CLI_OK : CLI_USAGE;
}

static int
print_verb_help(const struct cli_verb *v, bool is_extra)
{
    printf("Usage: slowburn %s%s%s\n\n%s.\n", v->name, v->args[0] == '\0' ? "" : " ", v->args,
           v->what);
    if (v->more[0] != '\0') {
        printf("%s\n", v->more);
    }
    bool asks_nobody =
        v->run == verb_version || v->run == verb_advisor_grants || v->run == verb_backtest;
    bool runs_command = v->run == verb_check || v->run == verb_dev; /* and says how that ends */
    if (!is_extra && !asks_nobody && !runs_command) {
        printf("\n%s", common_options);
    }
    if (!runs_command) {
        printf("\n%s", exit_codes);
    }
    return CLI_OK;
}

static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static const struct cli_verb *
find(const struct cli_verb *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

int
cli_main(int argc, char **argv, const struct cli_verb *extra, unsigned extra_count)
{
    if (argc < 2) {
        return print_help(stderr, extra, extra_count);
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        return print_help(stdout, extra, extra_count);
    }
    if (strcmp(name, "--version") == 0) {
        return verb_version(argc, argv);
    }
    const struct cli_verb *v = find(extra, extra_count, name);
    bool is_extra = v != NULL;
    if (v == NULL) {
        v = find(verbs, ARRAY_LEN(verbs), name);
    }
    if (v == NULL) {
        fprintf(stderr, "slowburn: there is no verb '%s'; 'slowburn --help' lists them\n", name);
        return CLI_USAGE;
    }
    if (wants_help(argc - 1, argv + 1)) {
        return print_verb_help(v, is_extra);
    }
    return v->run(argc - 1, argv + 1);
}
