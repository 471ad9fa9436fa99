# SPDX-License-Identifier: Apache-2.0
"""node-postgres, which Debian has not: a client that the tests' other ones are not."""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def modules(folder):
    """The folder for NODE_PATH, fetched once; None where there is no npm to fetch it with."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("node-postgres is left out: there is no npm", flush=True)
        return None
    found = os.path.join(os.path.abspath(folder), "node_modules")
    if not os.path.isdir(os.path.join(found, "pg")):
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(HERE, "package.json"), folder)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"],
                       cwd=folder, check=True, capture_output=True)
    return found
