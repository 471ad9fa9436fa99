# SPDX-License-Identifier: Apache-2.0
"""Everything that make bench starts: one PostgreSQL, and the ways to it. Started when first asked
for, stopped with the room; all on free loopback ports, in one folder that goes away."""
import contextlib
import os
import tempfile

from examples.demo.processes import unprivileged_user
from test.bench import pgbench
from test.bench.way import Way, SlowburnWay
from test.harness import postgres, processes
from test.harness.certificates import Authority
from test.harness.slowburn import Slowburn

HERE = os.path.dirname(os.path.abspath(__file__))
SCALE = 10  # of pgbench's tables: a million rows, all of them in shared_buffers
# Which event loops there are, and how one is forced.
LOOPS = {"io_uring": ["--event-loop", "io_uring"], "epoll": ["--event-loop", "epoll"]}


class Certificates:
    """One authority and a certificate of every server, each with a key that its user may read."""

    def __init__(self, folder):
        authority = Authority(folder)
        user = unprivileged_user()
        self.server, self.bouncer, self.slowburn = (
            authority.issue("localhost", "IP:127.0.0.1", file)
            for file in ("server", "bouncer", "slowburn"))
        self.server.owned_by(user)
        self.bouncer.owned_by(user)
        for name in os.listdir(folder):
            if name.endswith(".crt"):
                os.chmod(os.path.join(folder, name), 0o644)


class Room:
    """with Room(build) as room: room.direct(), room.slowburn("epoll"), ...

    build: of a build directory with tests, without sanitizers."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.binary = os.path.join(self.build, "src", "slowburn")
        self.stack = contextlib.ExitStack()
        self.made = {}

    def __enter__(self):
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="slowburn-bench-"))
        os.chmod(self.folder, 0o777)
        return self

    def __exit__(self, *_):
        self.stack.close()

    def program(self, name):
        return os.path.join(self.build, "test", "bench", name)

    def subfolder(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)
        return path

    def _once(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def certificates(self):
        return self._once("certificates",
                          lambda: Certificates(self.subfolder("certificates")))

    def postgres(self):
        return self._once("postgres", self._start_postgres)

    def _start_postgres(self):
        own = self.certificates().server
        settings = f"ssl = on\nssl_cert_file = '{own.cert}'\nssl_key_file = '{own.key}'\n"
        server = self.stack.enter_context(postgres.Postgres(self.folder, settings))
        server.sql("CREATE DATABASE bench")
        pgbench.initialize(server.port, SCALE)
        return server

    def direct(self):
        return self._once("direct", lambda: Way("direct", self.postgres().port))

    def pgbouncer(self):
        """Its TLS is a process of its own, because towards the server it does all or nothing."""
        return self._once("pgbouncer", lambda: self._start_pgbouncer("pgbouncer"))

    def pgbouncer_tls(self):
        return self._once("pgbouncer tls", lambda: self._start_pgbouncer("pgbouncer tls"))

    def _start_pgbouncer(self, name):
        own = self.certificates().bouncer
        more = ""
        if name == "pgbouncer tls":
            with open(os.path.join(HERE, "pgbouncer-tls.ini"), encoding="utf-8") as text:
                more = text.read().format(cert=own.cert, key=own.key)
        return self.pgbouncer_before(name, self.postgres().port, 200, more)

    def pgbouncer_before(self, name, upstream, clients_max, more=""):
        port = processes.free_port()
        folder = self.subfolder(name.replace(" ", "-"))
        with open(os.path.join(HERE, "pgbouncer.ini"), encoding="utf-8") as text:
            config = text.read().format(port=port, upstream=upstream, folder=folder,
                                        clients_max=clients_max) + more
        path = os.path.join(folder, "pgbouncer.ini")
        with open(path, "w", encoding="utf-8") as out:
            out.write(config)
        process = processes.start(["/usr/sbin/pgbouncer", path], path + ".out", unprivileged_user())
        self.stack.callback(processes.stop, process)
        processes.wait_for_port(port, process)
        return Way("PgBouncer", port, process.pid)

    def relay(self):
        return self._once("relay", self._start_relay)

    def _start_relay(self):
        """With as many threads as slowburn has workers."""
        port = processes.free_port()
        ours = next(iter(self.slowburn_loops().values()))
        workers = ours.daemon.document("status")["proxy"]["workers"]
        process = processes.start([self.program("bench_relay"), str(port),
                                   str(self.postgres().port), str(workers)],
                                  os.path.join(self.folder, "relay.out"))
        self.stack.callback(processes.stop, process)
        processes.wait_for_port(port, process)
        return Way("relay", port, process.pid)

    def slowburn(self, loop):
        """loop: of LOOPS."""
        return self._once(loop, lambda: self._start_slowburn(loop))

    def slowburn_loops(self):
        return {loop: self.slowburn(loop) for loop in LOOPS}

    def _start_slowburn(self, loop):
        own = self.certificates().slowburn
        folder = self.subfolder(loop)
        secure_port = processes.free_port()
        conf = os.path.join(folder, "slowburn.conf")
        with open(conf, "w", encoding="utf-8") as text:
            text.write(f"[postgres secure]\nlisten = {secure_port}\n"
                       f"upstream = 127.0.0.1:{self.postgres().port}\nclient_tls = require\n"
                       f"tls_cert = {own.cert}\ntls_key = {own.key}\nserver_tls = require\n")
        daemon = self.daemon_before(loop, self.postgres().port, ["-c", conf])
        return SlowburnWay(f"slowburn, {loop}", daemon, secure_port=secure_port)

    def daemon_before(self, loop, upstream, more=(), advisor=None):
        """A daemon of its own in a folder of its own."""
        folder = tempfile.mkdtemp(prefix="slowburn-", dir=self.folder)
        return self.stack.enter_context(
            Slowburn(self.binary, folder, upstream, advisor=advisor,
                     more=[*LOOPS[loop], *more]))
