# SPDX-License-Identifier: Apache-2.0
"""What test/package.json names, fetched once: peers that Debian 12 does not have."""
import contextlib
import fcntl
import os
import shutil
import subprocess
import time

import pytest

FOLDER = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))


def fetch(attempts=3):
    """The registry is not on this machine: now and then it does not answer."""
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", FOLDER]
    for left in reversed(range(attempts)):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return
        assert left > 0, done.stderr
        time.sleep(5)


@contextlib.contextmanager
def packages():
    """The folder with node_modules in it, which nobody else changes meanwhile; the test is left out
    where there is no npm."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm, from which its peer comes")
    with open(os.path.join(FOLDER, "package.json"), "rb") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)  # runs side by side have the same sources
        fetch()
        yield FOLDER
