# SPDX-License-Identifier: Apache-2.0
"""What the database does beside what goes through slowburn: a statement becomes slower because it
sorts on disk, while others are at work in the same database."""
import os
import random
import re
import subprocess
import time

import psycopg2

from test.harness.slowburn import Slowburn
from test.peer import burn

BEFORE_S = 90  # until "before" has counters of its own: they are read every 10 s
OTHERS = 4
ROWS = {1: 300, 2: 60000}  # 64 kB hold a thousand or so


def sort(application):
    def extra(handler, cursor):
        if handler.path.startswith("/api/orders"):
            cursor.execute("SELECT count(*) FROM (SELECT i FROM generate_series(1, %s::int) i"
                           " ORDER BY -i) sorted",
                           (ROWS[application().version] * random.uniform(0.8, 1),))  # uncacheable
    return extra


def say(found):
    return {cause["kind"]: (cause["detail"], cause.get("advice", "")) for cause in found["causes"]}


def test_what_the_wire_does_not_say(postgres, tmp_path):
    postgres.sql("CREATE DATABASE beside")
    postgres.sql(burn.SCHEMA + "ALTER DATABASE beside SET work_mem = '64kB';", "beside")

    def connect():
        return psycopg2.connect(postgres.dsn("beside", port=daemon.port))

    def is_wanted(found):
        detail = say(found).get("slower", ("", ""))[0]
        return "temporary files a second" in detail and "through slowburn" in detail
    others = []
    with burn.Application(connect, extra=sort(lambda: application)) as application, \
            Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port,
                     http_port=application.port, advisor=postgres.dsn("beside")) as daemon, \
            burn.Visitors(daemon.http) as visitors:
        application.list = lambda cursor, user: []
        time.sleep(BEFORE_S)
        try:
            for _ in range(OTHERS):
                others.append(subprocess.Popen(
                    ["/usr/lib/postgresql/15/bin/psql", "-X", "-q", postgres.dsn("beside"), "-c",
                     "SELECT pg_sleep(600)"], stdout=subprocess.DEVNULL))
            daemon.verb("deploy", "sorts-more")
            application.version = 2
            found = daemon.wait_for_incident(300, is_wanted)
            assert found is not None and is_wanted(found), (found and say(found), daemon.log)
        finally:
            postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE query LIKE 'SELECT pg_sleep(600)%'")
            for psql in others:
                psql.wait()
        assert not visitors.failures and not application.failures
        detail, advice = say(found)["slower"]
        figures = re.search(r"writes ([0-9.]+) temporary files a second .* was ([0-9.]+), ([0-9.]+) for "
                            r"each of these calls: sorts or hashes beyond work_mem; ([0-9.]+) sessions "
                            r"at work in the database do not come through slowburn, were ([0-9.]+)",
                            detail)
        assert figures is not None, detail
        now, was, each, at_work, were = map(float, figures.groups())
        assert now > 3 * was, detail
        assert 1 <= each <= 4, detail  # the function's rows are one file, the sort's are another
        assert 1 <= at_work < OTHERS + 1.5 and were < 1, detail
        assert "log_temp_files" in advice
        ruled_out = {ruled["test"]: ruled["figure"] for ruled in found["ruled_out"]}
        assert ruled_out["deadlocks"] == "0" and "table growth" not in ruled_out, ruled_out
        assert not {"temporary files", "load by others"} & set(ruled_out), ruled_out
