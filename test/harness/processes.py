# SPDX-License-Identifier: Apache-2.0
"""Child processes that never outlive the test, and free loopback ports."""
import contextlib
import signal
import subprocess
import time

from examples.demo import net
from examples.demo.processes import as_user, kill_group


def free_port():
    """A loopback port that was free a moment ago."""
    return net.free_ports(1)[0]


def wait_for_port(port, process=None, seconds=60.0):
    """Returns when something accepts on the port; raises when the process ends first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"process {process.args[0]} ended with {process.returncode}")
        if net.listens(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {seconds} s")


def start(command, log, user=None, **kwargs):
    """Starts a command in a process group of its own, output to the file `log`."""
    with open(log, "ab") as out:
        return subprocess.Popen([*as_user(user), *command], stdin=subprocess.DEVNULL, stdout=out,
                                stderr=out, start_new_session=True, **kwargs)


def stop(process, seconds=60.0, first=signal.SIGTERM):
    """Ends a process and its group: asks, waits, then kills."""
    if process is None:
        return
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill_group(process.pid)
    process.wait()
