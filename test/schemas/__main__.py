# SPDX-License-Identifier: Apache-2.0
"""make schemas SEED=n: plays generated applications and prints, for each, what was planted and what
slowburn found. Exit 0 when at least nine tenths are exact."""
import argparse
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from test.harness.postgres import Postgres
from test.schemas import generate, trial


def main():
    parser = argparse.ArgumentParser(prog="make schemas")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--only", type=int, action="append",
                        help="play just the application with this seed; repeatable")
    parser.add_argument("--jobs", type=int, default=1, help="so many applications side by side")
    parser.add_argument("--keep", help="a folder for the logs, kept")
    arguments = parser.parse_args()
    apps = ([generate.application(seed) for seed in arguments.only] if arguments.only
            else generate.applications(arguments.seed, arguments.count))
    print(f"seed {arguments.seed}, {len(apps)} applications")
    exact = busy = 0
    with tempfile.TemporaryDirectory(prefix="slowburn-schemas-") as temporary:
        os.chmod(temporary, 0o755)
        with Postgres(temporary) as server:
            def play(app):
                folder = os.path.join(arguments.keep or temporary, str(app["seed"]))
                return trial.run(app, arguments.binary, server, folder)
            with ThreadPoolExecutor(arguments.jobs) as pool:
                for right, line in pool.map(play, apps):
                    exact += right
                    busy += trial.BUSY in line
                    print(line, flush=True)
    again = f", {busy} played again because the machine was too busy" if busy else ""
    print(f"{exact} of {len(apps)} exact{again}")
    return 0 if exact * 10 >= len(apps) * 9 else 1


if __name__ == "__main__":
    sys.exit(main())
