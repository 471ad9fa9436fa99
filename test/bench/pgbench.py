# SPDX-License-Identifier: Apache-2.0
"""One run of pgbench: how many transactions, how fast, and the latencies of a sample of them."""
import glob
import os
import re
import subprocess
import tempfile

# What pgbench asks before it begins and does not report: the scale and the partitions.
LOOKUPS = 2
ENVIRONMENT = {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}


class Run:
    """tps, transactions, latencies_us; ends: [(end in s since the epoch, latency in us)]."""

    def __init__(self, output, ends):
        self.transactions = int(re.search(r"actually processed: (\d+)", output).group(1))
        self.tps = float(re.search(r"^tps = ([0-9.]+)", output, re.MULTILINE).group(1))
        self.failed = int(re.search(r"failed transactions: (\d+)", output).group(1))
        self.ends = ends

    @property
    def queries(self):
        return self.transactions + LOOKUPS

    @property
    def latencies_us(self):
        return [latency for _, latency in self.ends]


def initialize(port, scale):
    subprocess.run(["pgbench", "-i", "-q", "-s", str(scale), "-h", "127.0.0.1", "-p", str(port),
                    "-U", "postgres", "bench"], check=True, capture_output=True)


def command(port, mode, clients, seconds, prefix, more=(), script=("-S",)):
    return ["pgbench", "-n", *script, "-M", mode, "-c", str(clients), "-j", str(min(clients, 2)),
            "-T", str(seconds), "-l", "--log-prefix", prefix, "-h", "127.0.0.1", "-p", str(port),
            "-U", "postgres", *more, "bench"]


def _read(folder):
    ends = []
    for path in glob.glob(os.path.join(folder, "log*")):
        with open(path, encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                ends.append((int(words[4]) + int(words[5]) / 1e6, int(words[2])))
    return ends


def start(port, mode, clients, seconds, folder, more=(), script=("-S",)):
    """The running process, for finish()."""
    return subprocess.Popen(command(port, mode, clients, seconds, os.path.join(folder, "log"), more,
                                    script),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, **ENVIRONMENT))


def finish(process, folder):
    output, errors = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"pgbench failed: {errors.strip()[-500:]}")
    return Run(output, _read(folder))


def run(port, mode, clients, seconds, more=("--sampling-rate", "0.2"), script=("-S",)):
    """Fails when a transaction does. With a script of its own nothing is looked up before."""
    with tempfile.TemporaryDirectory(prefix="slowburn-pgbench-") as folder:
        done = finish(start(port, mode, clients, seconds, folder, more, script), folder)
    if done.failed != 0:
        raise RuntimeError(f"{done.failed} transactions failed")
    return done
