# SPDX-License-Identifier: Apache-2.0
"""One trial: a generated application in front of a real database, its deploy, and the verdict."""
import json
import os
import sys
import time

from test.harness import processes
from test.harness.slowburn import Slowburn
from test.schemas import generate
from test.schemas.load import Load

HERE = os.path.dirname(os.path.abspath(__file__))
PER_SECOND = 10
BEFORE_S = 30
AFTER_S = 45
SETTLE_S = 10


def start_application(app, folder, database, database_port, port):
    """Returns (process, version file); the application listens on `port`."""
    spec = dict(app, queries=generate.queries(app), steps=generate.second_version(app))
    spec_file, version_file = os.path.join(folder, "spec.json"), os.path.join(folder, "version")
    with open(spec_file, "w", encoding="utf-8") as file:
        json.dump(spec, file)
    set_version(version_file, "1")
    environment = dict(os.environ)
    if app["driver"] == "pdo":
        environment.update(SPEC=spec_file, VERSION_FILE=version_file, DATABASE=database,
                           DATABASE_PORT=str(database_port), PHP_CLI_SERVER_WORKERS="6")
        command = ["php", "-S", f"127.0.0.1:{port}", os.path.join(HERE, "app_php.php")]
    else:
        command = [sys.executable, os.path.join(HERE, "app_python.py"), spec_file, version_file,
                   str(port), str(database_port), database]
    process = processes.start(command, os.path.join(folder, "application.log"), env=environment)
    processes.wait_for_port(port, process)
    return process, version_file


def set_version(version_file, version):
    with open(version_file + ".new", "w", encoding="ascii") as file:
        file.write(version)
    os.replace(version_file + ".new", version_file)


def found_causes(incident):
    """Pairs of kind and table, as generate.expected_causes has them: the first table is the one
    that it is about."""
    return {(cause["kind"], (cause["tables"] or ["?"])[0]) for cause in incident["causes"]}


def play(app, daemon, port, version_file, expected):
    """Version 1, the deploy, version 2; returns the incidents at the end and the load's totals."""
    with Load(app, port, PER_SECOND) as load:
        time.sleep(BEFORE_S)
        if app["deploy"] == "marked":
            daemon.verb("deploy", "version-2")
        set_version(version_file, "2")
        if expected:
            daemon.wait_for_incident(AFTER_S, lambda i: found_causes(i) == expected)
            time.sleep(SETTLE_S)
        else:
            time.sleep(AFTER_S)
        documents = {name: daemon.document(name)
                     for name in ("incidents", "requests", "queries", "status")}
    keep(daemon, documents)
    return documents, load


def keep(daemon, documents):
    """Beside the daemon's log, for whoever asks why a verdict is what it is."""
    for name, document in documents.items():
        path = os.path.join(os.path.dirname(daemon.log), name + ".json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)


def verdict(app, expected, documents, load):
    """Returns (exact, line): exact when there is one incident with just the planted causes, or,
    where nothing was planted, none; and no request failed, and the daemon saw them all."""
    incidents = documents["incidents"]
    # Each request authenticates itself: at least one query.
    blind = sum(query["calls"] for query in documents["queries"]) < 0.9 * load.sent
    found = [found_causes(incident) for incident in incidents]
    exact = found == ([expected] if expected else []) and load.failed == 0 and not blind
    unproved = [cause["kind"] for incident in incidents for cause in incident["causes"]
                if cause["kind"] != "cacheable" and cause["evidence"] != "proved"]
    shape = (f"{app['driver']}/{app['prepared']}/{app['connection']}"
             f"{'' if app['http_hop'] else '/no hop'}/{app['key_type']}")

    def names(causes):
        return ", ".join(f"{kind} on {table}" for kind, table in sorted(causes)) or "nothing"
    line = f"{'exact' if exact else 'WRONG'}  {app['seed']:>13}  {shape:<36} planted {names(expected)}"
    line += f" ({', '.join(unproved)} not proved)" if unproved else ""
    if not exact:
        line += "; found " + (" | ".join(names(causes) for causes in found) or "no incident")
        line += "; the daemon did not see the queries" if blind else ""
        line += f"; {load.failed} of {load.sent} requests failed" if load.failed else ""
    return exact, line


def run(app, binary, server, folder):
    """Returns (exact, line to print)."""
    os.makedirs(folder)
    database = f"app_{app['seed']}"
    server.sql(f"CREATE DATABASE {database}")
    server.sql("CREATE EXTENSION hypopg;" + generate.setup_sql(app), database)
    expected = generate.expected_causes(app)
    application = None
    application_port = processes.free_port()
    hop = application_port if app["http_hop"] else None
    try:
        with Slowburn(binary, folder, server.port, hop, server.dsn(database)) as daemon:
            application, version_file = start_application(
                app, folder, database, daemon.port, application_port)
            documents, load = play(app, daemon, daemon.http or application_port, version_file,
                                   expected)
            processes.stop(application)
    finally:
        processes.stop(application)
        server.sql(f"DROP DATABASE {database} WITH (FORCE)")
    return verdict(app, expected, documents, load)
