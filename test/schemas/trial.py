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
from test.schemas.machine import Probe

HERE = os.path.dirname(os.path.abspath(__file__))
PER_SECOND = 10
BEFORE_S = 30
AFTER_S = 45
SETTLE_S = 10

# On a machine busier than this a trial tells about the machine.
STRETCH_MAX = 3.0  # work takes so many times as long as with the machine to itself
LATE_S, LATE_SHARE_MAX = 0.05, 0.05  # more of the requests than this are sent later than that
ATTEMPTS_MAX = 3
BUSY = "machine too busy"


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
    """Version 1, the deploy, version 2; returns the documents at the end, the load's totals, and
    when the second version came."""
    with Load(app, port, PER_SECOND) as load:
        time.sleep(BEFORE_S)
        if app["deploy"] == "marked":
            daemon.verb("deploy", "version-2")
        set_version(version_file, "2")
        deployed = time.monotonic()
        if expected:
            daemon.wait_for_incident(AFTER_S, lambda i: found_causes(i) == expected)
            time.sleep(SETTLE_S)
        else:
            time.sleep(AFTER_S)
        documents = {name: daemon.document(name)
                     for name in ("incidents", "requests", "queries", "status")}
    keep(daemon, documents)
    return documents, load, deployed


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


def too_busy(load, probe, began, deployed):
    """What the machine did to the trial, in words; "" when it left it alone. The second version's
    own work may fill a core, so that its time is not looked at as closely."""
    before, after = probe.stretch(began, deployed), probe.stretch(deployed, time.monotonic())
    late = sum(1 for seconds in load.late if seconds > LATE_S) / max(1, len(load.late))
    if before > STRETCH_MAX or after > 1.5 * STRETCH_MAX:
        return f"work took {before:.1f} times as long, then {after:.1f}"
    if late > LATE_SHARE_MAX:
        return f"{100 * late:.0f} % of the requests were sent late"
    return ""


def attempt(app, binary, server, folder):
    """Returns (exact, line to print, what too_busy() said)."""
    os.makedirs(folder)
    database = f"app_{app['seed']}"
    server.sql(f"CREATE DATABASE {database}")
    server.sql("CREATE EXTENSION hypopg;" + generate.setup_sql(app), database)
    expected = generate.expected_causes(app)
    application = None
    application_port = processes.free_port()
    hop = application_port if app["http_hop"] else None
    try:
        with (Probe(os.path.join(folder, "machine")) as probe,
              Slowburn(binary, folder, server.port, hop, server.dsn(database)) as daemon):
            application, version_file = start_application(
                app, folder, database, daemon.port, application_port)
            began = time.monotonic()
            documents, load, deployed = play(app, daemon, daemon.http or application_port,
                                             version_file, expected)
            busy = too_busy(load, probe, began, deployed)
            processes.stop(application)
    finally:
        processes.stop(application)
        server.sql(f"DROP DATABASE {database} WITH (FORCE)")
    return *verdict(app, expected, documents, load), busy


def run(app, binary, server, folder):
    """Returns (exact, line to print). A verdict that is wrong on a machine too busy to judge by is
    played again, at most ATTEMPTS_MAX times in all; the last one stands."""
    again = []
    for number in range(ATTEMPTS_MAX):
        exact, line, busy = attempt(app, binary, server, os.path.join(folder, str(number)))
        if exact or not busy:
            break
        again.append(busy)
    played = again[:ATTEMPTS_MAX - 1]
    line += "".join(f"; {BUSY} ({busy}), played again" for busy in played)
    line += f"; {BUSY} even then" if len(again) == ATTEMPTS_MAX else ""
    return exact, line
