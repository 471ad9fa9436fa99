/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "app/ask_upgrade.h"
#include "app/bypass.h"
#include "app/run.h"
#include "base/check.h"
#include "cli/cli.h"

int
main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "child") == 0) {
        return run_child(argc - 1, argv + 1);
    }
    const struct cli_verb verbs[] = {
        {"run", run_supervisor, run_usage, "stand between clients and servers, and watch",
         run_help},
        {"check-config", run_check_config, "FILE", "read a configuration and say what is wrong",
         run_check_help},
        {"upgrade", ask_upgrade, ask_upgrade_usage,
         "replace the running slowburn by its new binary and drop no session", ask_upgrade_help},
        {"bypass", bypass, bypass_usage, "print how to reach the servers without slowburn",
         bypass_help},
    };
    return cli_main(argc, argv, verbs, ARRAY_LEN(verbs));
}
