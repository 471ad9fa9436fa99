# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of the test's own: trust authentication on loopback, in a folder that goes away."""
import os
import signal
import subprocess
import time

from examples.demo.postgres import bindir
from examples.demo.processes import unprivileged_user
from test.harness import processes

BIN = bindir()

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 256MB
max_parallel_workers_per_gather = 0
jit = off
autovacuum_naptime = 5s
"""


def reachable(folder):
    """The server's user has to get into pytest's folders. Only into these: what is above them is
    the machine's own."""
    os.chmod(folder, 0o755)
    for parent in folder.parents:
        if parent.name.startswith("pytest-"):
            os.chmod(parent, 0o755)
    return str(folder)


class Postgres:
    """with Postgres(folder) as server: server.port, server.dsn("name"), server.sql(...),
    server.restart(signal.SIGQUIT)

    settings: more of postgresql.conf; hba: all of pg_hba.conf, instead of trust for everybody;
    binaries: of another PostgreSQL than Debian's."""

    def __init__(self, folder, settings="", hba=None, binaries=BIN):
        self.folder = os.path.join(folder, "postgres")
        self._data = os.path.join(self.folder, "data")
        self.log = self.folder + ".log"
        self.port = processes.free_port()
        self.settings = settings
        self.hba = hba
        self.binaries = binaries
        self.process = None

    def __enter__(self):
        user = unprivileged_user()
        os.makedirs(self.folder)
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        log, data = self.log, self._data
        init = processes.start([f"{self.binaries}/initdb", "-D", data, "-U", "postgres", "-A", "trust",
                                "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"], log, user)
        if init.wait() != 0:
            raise RuntimeError(f"initdb failed, see {log}")
        with open(os.path.join(data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.write(SETTINGS + f"port = {self.port}\n" + self.settings)
        if self.hba is not None:
            with open(os.path.join(data, "pg_hba.conf"), "w", encoding="utf-8") as rules:
                rules.write(self.hba)
        self._start()
        return self

    def _start(self):
        log = self.log
        self.process = processes.start([f"{self.binaries}/postgres", "-D", self._data], log,
                                       unprivileged_user())
        processes.wait_for_port(self.port, self.process)
        # It listens before it answers.
        while subprocess.call([f"{BIN}/pg_isready", "-q", "-h", "127.0.0.1", "-p",
                               str(self.port)]) != 0:
            if self.process.poll() is not None:
                raise RuntimeError(f"PostgreSQL ended, see {log}")
            time.sleep(0.05)

    def restart(self, how=signal.SIGINT):
        processes.stop(self.process, first=how)
        self._start()

    def __exit__(self, *_):
        processes.stop(self.process, first=signal.SIGINT)

    def dsn(self, database="postgres", user="postgres", port=None):
        return f"host=127.0.0.1 port={port or self.port} dbname={database} user={user}"

    def sql(self, text, database="postgres"):
        """Runs a script with psql and returns what it printed, unaligned."""
        command = [f"{BIN}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                   self.dsn(database)]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout
