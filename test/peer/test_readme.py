# SPDX-License-Identifier: Apache-2.0
"""The README's ways of tagging queries are run as they stand there, in small applications of their
frameworks: every query is tied by its comment, and the routes have the application's own names."""
import http.client
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from test.harness import npm, processes
from test.harness.slowburn import Slowburn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQUESTS = 6
QUERIES = 3  # of each of them

DJANGO = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server
import django
from django.conf import settings
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=["readme.tag_queries"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1",
                           "PORT": sys.argv[2], "USER": "postgres", "NAME": "postgres"}})
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path

def order(request, number):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE %s AND relnatts > %s",
                       ["pg%", number])
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'pg%'")
        cursor.executemany("SELECT relname FROM pg_class WHERE relnatts > %s", [(number,)])
    return HttpResponse("fine")

urlpatterns = [path("orders/<int:number>", order)]

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Server).serve_forever()
"""

EXPRESS = """
const { AsyncLocalStorage } = require('node:async_hooks');
const [port, database] = process.argv.slice(2).map(Number);
const als = new AsyncLocalStorage();
const knex = require('knex')({ client: 'pg', pool: { min: 0, max: 2 }, connection:
  { host: '127.0.0.1', port: database, user: 'postgres', database: 'postgres' } });
%s
const app = require('express')();
app.use((req, res, next) => als.run(req, next));
app.get('/orders/:number', async (req, res, next) => {
  try {
    await knex('pg_class').where('relname', 'like', 'pg%%').where('relnatts', '>', req.params.number);
    await knex.count('*').from('pg_class');
    await knex.raw('select count(*) from pg_class where relnatts > ?', [req.params.number]);
    res.send('fine');
  } catch (error) {
    next(error);
  }
});
app.listen(port, '127.0.0.1');
"""


def snippet(language):
    """What stands in the README's section about tags in this language."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        section = file.read().split("\n## Tag queries (optional)\n")[1].split("\n## ")[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, language
    return found[0]


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert (answer.status, text) == (200, "fine"), text


def route_of(postgres, folder, command, tagged):
    """The one route that the application has shown, once all its requests are known."""
    port = processes.free_port()
    with Slowburn(os.environ["SLOWBURN_BINARY"], folder, postgres.port, http_port=port) as daemon:
        daemon.wait_until_watching()
        application = processes.start([*command, str(port), str(daemon.port)],
                                      os.path.join(folder, "application.log"), cwd=folder)
        try:
            processes.wait_for_port(port, application)
            for number in range(REQUESTS):
                ask(daemon.http, f"/orders/{number}")
            deadline = time.monotonic() + 60
            while True:
                rows = [row for row in daemon.document("requests") if row["method"]]
                if rows and sum(row["requests"] for row in rows) == REQUESTS:
                    break
                assert time.monotonic() < deadline, rows
                time.sleep(0.2)
        finally:
            processes.stop(application)
        for row in daemon.document("traces"):
            if row["method"]:
                trace = daemon.document("trace", row["trace_id"])
                by = {one["basis"] for one in trace["statements"]
                      if "pg_class" in one["statement"]}
                assert by == tagged, trace
    assert len(rows) == 1, rows
    return rows[0]


def test_django(postgres, tmp_path):
    (tmp_path / "readme.py").write_text(snippet("python"))
    (tmp_path / "application.py").write_text(DJANGO)
    route = route_of(postgres, str(tmp_path), [sys.executable, "application.py"], {"traceparent"})
    assert (route["route"], route["route_basis"]) == ("GET /orders/{number}", "application")
    assert route["queries_per_request"] >= QUERIES


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_express_with_knex(postgres, tmp_path):
    with npm.packages() as modules:
        os.symlink(os.path.join(modules, "node_modules"), tmp_path / "node_modules")
        (tmp_path / "application.cjs").write_text(EXPRESS % snippet("js"))
        route = route_of(postgres, str(tmp_path), ["node", "application.cjs"], {"traceparent"})
    assert (route["route"], route["route_basis"]) == ("GET /orders/{number}", "application")
    assert route["queries_per_request"] >= QUERIES


def test_rails_is_ruby():
    """Debian 12 has no Rails that can do this (7.1): that Ruby can read it is all that is known."""
    done = subprocess.run(["ruby", "-c"], input=snippet("ruby"), text=True, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr
