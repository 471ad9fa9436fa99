# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL cluster with the shop's data, and the CPU time that it has used."""

import glob
import os
import secrets
import signal
import subprocess
import time

import psycopg2

from . import net
from .processes import Failed, as_user, unprivileged_user

SHOP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "laravel-shop")
SUPERUSER = "postgres"
OWNER = "shop"
ADVISOR = "slowburn_advisor"
DATABASE = "shop"
SEEDED = "shop_seeded"


def bindir():
    """The newest installed server's programs; Debian keeps them off the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"),
                   key=lambda path: int(path.split("/")[4]))
    if not found:
        raise Failed("PostgreSQL is not installed; tools/deps says how to get it")
    return os.path.dirname(found[-1])


class Postgres:
    def __init__(self, processes, folder, port, logs, options=()):
        self._processes = processes
        self._home = os.path.join(folder, "postgres")
        self._data = os.path.join(self._home, "data")
        self._log = os.path.join(logs, "postgres.log")
        self._options = list(options)
        self._user = unprivileged_user()
        self._prefix = as_user(self._user)
        self.port = port
        self.password = secrets.token_hex(12)
        self.process = None

    def start(self):
        """Makes the cluster on the first call."""
        if not os.path.exists(self._data):
            self._make()
        argv = [*self._prefix, os.path.join(bindir(), "postgres"), "-D", self._data,
                "-p", str(self.port), "-k", self._home, "-c", f"listen_addresses={net.HOST}",
                "-c", "fsync=off"]
        for option in self._options:
            argv += ["-c", option]
        # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one.
        self.process = self._processes.start("PostgreSQL", argv, self._log, cwd="/",
                                             polite=signal.SIGINT, harsh=signal.SIGQUIT)
        net.wait_for_port(self.port, self.process)
        self._wait_until_ready()

    def stop(self):
        self._processes.stop(self.process)

    def _make(self):
        os.makedirs(self._home, mode=0o700)
        password_file = os.path.join(self._home, "password")
        with open(password_file, "w", encoding="ascii") as file:
            file.write(self.password + "\n")
        if self._user:
            for path in (self._home, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        with open(self._log, "ab") as log:
            done = subprocess.run(
                [*self._prefix, os.path.join(bindir(), "initdb"), "-D", self._data, "-U", SUPERUSER,
                 "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8",
                 "--locale=C.UTF-8", "--no-sync"], stdout=log, stderr=log, cwd="/", check=False)
        if done.returncode != 0:
            raise Failed(f"initdb failed; see {self._log}")

    def _wait_until_ready(self, limit_s=20.0):
        end = time.monotonic() + limit_s
        while True:
            self.process.check()
            try:
                self.connect("postgres").close()
                return
            except psycopg2.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def connect(self, database=DATABASE, user=SUPERUSER, port=None, password=None):
        """A connection of its own, autocommitting; `port` may be slowburn's instead, `password` a
        wrong one."""
        connection = psycopg2.connect(host=net.HOST, port=port or self.port, dbname=database,
                                      user=user, password=password or self.password,
                                      connect_timeout=10)
        connection.autocommit = True
        return connection

    def execute(self, statement, database=DATABASE, user=SUPERUSER):
        """Runs one statement on a fresh connection; answers its rows, if it has any."""
        connection = self.connect(database, user)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def run_file(self, path, database, user):
        done = subprocess.run(
            [os.path.join(bindir(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", net.HOST,
             "-p", str(self.port), "-U", user, "-d", database, "-o", os.devnull, "-f", path],
            env={**os.environ, "PGPASSWORD": self.password}, capture_output=True, text=True,
            check=False)
        if done.returncode != 0:
            raise Failed(f"{os.path.basename(path)}: {done.stderr.strip()}")

    def seed(self):
        """Makes the shop's database, and keeps an untouched copy to restore it from."""
        self.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{self.password}'", "postgres")
        self.execute(f"CREATE DATABASE {SEEDED} OWNER {OWNER}", "postgres")
        self.run_file(os.path.join(SHOP, "database/schema/pgsql-schema.sql"), SEEDED, OWNER)
        self.run_file(os.path.join(SHOP, "database/seeders/shop.sql"), SEEDED, SUPERUSER)
        self.restore()

    def restore(self):
        """Puts the shop's database back to its first day, dropping whoever is connected."""
        self.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
        self.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE {SEEDED}", "postgres")

    def dsn(self, user, database=DATABASE):
        return (f"host={net.HOST} port={self.port} dbname={database} user={user}"
                f" password={self.password}")

    def cpu_s(self):
        """CPU seconds of the server so far, of its ended children too."""
        return tree_cpu_s(self.process.pid)


def tree_cpu_s(root):
    """CPU seconds of a process, its waited-for children, and its living children and theirs."""
    ticks = os.sysconf("SC_CLK_TCK")
    stats = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            stats[int(entry)] = (int(fields[1]), sum(int(f) for f in fields[11:15]))
    members, grew = {root}, True
    while grew:
        found = {pid for pid, (parent, _) in stats.items() if parent in members} - members
        members |= found
        grew = bool(found)
    return sum(stats[pid][1] for pid in members if pid in stats) / ticks


class CpuMeter:
    """The server's share of the machine's CPU between two readings."""

    def __init__(self, postgres):
        self._postgres = postgres
        self._cores = os.cpu_count()
        self.read()

    def read(self):
        """Share of all cores (0 to 1) since the last reading."""
        now, used = time.monotonic(), self._postgres.cpu_s()
        before = getattr(self, "_last", (now, used))
        self._last = (now, used)
        elapsed = now - before[0]
        return (used - before[1]) / elapsed / self._cores if elapsed > 0 else 0.0
