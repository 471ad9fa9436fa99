# SPDX-License-Identifier: Apache-2.0
"""Everything of one run, in one temporary folder: PostgreSQL, the shop, slowburn, the load.
Logs go elsewhere if wanted, so that they are still there when the folder is not.

    with Environment() as env:
        env.start_database()
        env.start_slowburn()
        env.start_shop(page_size=20)
        load = env.start_load()

Without start_slowburn the shop and the load speak to their servers directly: the control.
"""

import os
import shutil
import tempfile

from . import net
from .daemon import Slowburn
from .load import Load
from .postgres import ADVISOR, DATABASE, Postgres
from .processes import Processes
from .shop import V1, Shop


# One query keeps to one core, as one sets it where cores are few: otherwise each scan of the faulty
# page starts a process of its own, and the figures tell about forks and scheduling instead. Rows of a
# scan then also come in one order only, which replies can be compared by.
POSTGRES_OPTIONS = ("max_parallel_workers_per_gather=0",)


class Environment:
    def __init__(self, name="demo", logs=None, postgres_options=POSTGRES_OPTIONS):
        self._postgres_options = postgres_options
        self._name = name
        self.logs = logs

    def __enter__(self):
        self.processes = Processes()
        self.folder = None
        try:
            self.folder = tempfile.mkdtemp(prefix=f"slowburn-{self._name}-")
            # PostgreSQL may have to run as another user than this one.
            os.chmod(self.folder, 0o755)
            self.logs = self.logs or os.path.join(self.folder, "logs")
            os.makedirs(self.logs, exist_ok=True)
            ports = net.free_ports(5)
            self.postgres = Postgres(self.processes, self.folder, ports[0], self.logs,
                                     self._postgres_options)
            self.shop = Shop(self.processes, self.folder, ports[1], self.logs)
            self._slowburn_ports = ports[2:]
            self.slowburn = None
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.processes.stop_all()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start_database(self):
        self.postgres.start()
        self.postgres.seed()

    def start_slowburn(self, advisor=True, extra=()):
        self.slowburn = Slowburn(self.processes, self.folder, self.logs, self._slowburn_ports)
        dsn = None
        if advisor:
            self._grant_advisor()
            dsn = self.postgres.dsn(ADVISOR)
        self.slowburn.start(self.postgres.port, self.shop.port, dsn, extra)

    def _grant_advisor(self):
        """The role, rights and extension that slowburn itself asks a DBA for, and none besides."""
        path = os.path.join(self.folder, "advisor-grants.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.slowburn.cli("advisor-grants", ADVISOR))
        self.postgres.run_file(path, DATABASE, "postgres")
        self.postgres.execute(f"ALTER ROLE {ADVISOR} LOGIN PASSWORD '{self.postgres.password}'")

    def start_shop(self, page_size, patches=V1, repeatable=False, settings=None):
        """Behind slowburn when that is running, else directly on PostgreSQL."""
        self.shop.deploy(patches)
        self.shop.start(self.database_port, self.postgres.password, page_size, repeatable,
                        settings)

    def start_load(self, **wanted):
        return Load(self.processes, self.http_port, self.logs, **wanted)

    @property
    def database_port(self):
        """Where the application connects."""
        return self.slowburn.postgres_port if self.slowburn else self.postgres.port

    @property
    def http_port(self):
        """Where clients connect."""
        return self.slowburn.http_port if self.slowburn else self.shop.port

    def addresses(self):
        found = {"shop": f"http://{net.HOST}:{self.http_port}",
                 "PostgreSQL": self.postgres.dsn("postgres"), "folder": self.folder}
        if self.slowburn:
            found["console"] = f"http://{net.HOST}:{self.slowburn.admin_port}/"
            found["slowburn"] = f"--admin {net.HOST}:{self.slowburn.admin_port}"
            found["PostgreSQL through slowburn"] = f"port {self.slowburn.postgres_port}"
        return found
