# SPDX-License-Identifier: Apache-2.0
"""slowburn check with a small application that runs its own tests: verdicts, exit codes, reports."""
import json
import os
import re
import subprocess
import sys
import urllib.parse

import pytest

from test.harness import processes
from test.peer import burn, reports

APP = os.path.join(os.path.dirname(__file__), "small_app.py")
PASS, OVER, USAGE, ENVIRONMENT, INCONCLUSIVE = range(5)


@pytest.fixture(scope="module")
def database(postgres):
    postgres.sql("CREATE DATABASE checked")
    postgres.sql(burn.SCHEMA, "checked")
    return postgres


def check(database, folder, *options, modes=(), env=None, command=None):
    """(exit status, standard output, standard error) of one run."""
    port = processes.free_port()
    words = [os.environ["SLOWBURN_BINARY"], "check", *options]
    words += command if command is not None else [
        "--http", f"127.0.0.1:{port}", "--", sys.executable, APP, "checked", str(port), *modes]
    clean = {key: value for key, value in os.environ.items()
             if key not in ("DATABASE_URL", "DB_URL", "DB_HOST", "DB_PORT", "PGHOST", "PGPORT")}
    clean.update({"PGHOST": "127.0.0.1", "PGPORT": str(database.port)} if env is None else env)
    done = subprocess.run(words, cwd=folder, env=clean, text=True, capture_output=True, timeout=120,
                          check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def budget(database, tmp_path):
    """The budget of the application as it is."""
    path = str(tmp_path / "slowburn.budget")
    status, out, err = check(database, tmp_path, "--budget", path, "--update")
    assert status == PASS, out + err
    return path


def test_a_budget_is_written_once_and_held(database, tmp_path, budget):
    with open(budget, encoding="utf-8") as file:
        written = file.read()
    assert "[GET /orders]\nqueries = 1\nrepeats = 1\nerrors = 0\nstatement = " in written
    assert "[GET /me]\nqueries = 2\nrepeats = 1\nerrors = 0\n" in written
    assert "orders by user_id" in written and "users by id" in written
    for _ in range(2):  # the same run, the same verdict
        status, out, err = check(database, tmp_path, "--budget", budget)
        assert (status, err) == (PASS, ""), out
        assert "All within the budget" in out
    assert check(database, tmp_path, "--budget", budget, "--update")[0] == PASS
    with open(budget, encoding="utf-8") as file:
        assert file.read() == written


def test_a_repeated_query_is_over_it_in_every_report(database, tmp_path, budget):
    forms = ("markdown=r.md", "junit=r.xml", "sarif=r.sarif", "github=r.txt", "text")
    status, out, err = check(database, tmp_path, "--budget", budget,
                             *(word for form in forms for word in ("--report", form)),
                             modes=("lazy",))
    assert (status, err) == (OVER, ""), out
    assert "6 queries in a request, budget 1" in out
    assert "one statement 5 times in a request, budget 1: items by order_id" in out
    assert "new statement: " in out and "ok    GET /me" in out
    suite = reports.junit(tmp_path / "r.xml")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failures = {case.get("name"): case.findtext("failure", "").splitlines() for case in suite}
    assert [line.split(":")[0] for line in failures["GET /orders"]] == [
        "queries", "repeats", "statement"]
    assert failures["GET /me"] == []
    run = reports.sarif(tmp_path / "r.sarif")
    assert run["invocations"][0]["executionSuccessful"]
    assert [result["ruleId"] for result in run["results"]] == ["queries", "repeats", "statement"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    with open(budget, encoding="utf-8") as file:
        assert file.read().splitlines()[place["region"]["startLine"] - 1] == "[GET /orders]"
    notes = (tmp_path / "r.txt").read_text().splitlines()
    assert len(notes) == 3 and all(note.startswith("::error file=") for note in notes)
    assert "| `GET /orders` | 6 queries" in (tmp_path / "r.md").read_text()
    # Accepted, it is the new budget; who owns it stays.
    with open(budget, encoding="utf-8") as file:
        text = file.read().replace("[GET /orders]\n", "[GET /orders]\nowner = shop-team\n")
    with open(budget, "w", encoding="utf-8") as file:
        file.write(text)
    assert check(database, tmp_path, "--budget", budget, "--update", modes=("lazy",))[0] == PASS
    with open(budget, encoding="utf-8") as file:
        accepted = file.read()
    assert "queries = 6\nrepeats = 5\nerrors = 0\nowner = shop-team\n" in accepted
    status, out, err = check(database, tmp_path, "--budget", budget, modes=("lazy",))
    assert (status, err) == (PASS, ""), out
    assert check(database, tmp_path, "--budget", budget)[0] == PASS  # less is within it


def test_errors_and_new_statements_are_over_it(database, tmp_path, budget):
    status, out, _ = check(database, tmp_path, "--budget", budget, modes=("fail",))
    assert status == OVER and "3 errors, budget 0" in out
    status, out, _ = check(database, tmp_path, "--budget", budget, modes=("new",))
    assert status == OVER and "new statement: " in out and "settings" in out


def test_what_cannot_be_told_is_inconclusive(database, tmp_path, budget):
    status, out, _ = check(database, tmp_path, "--budget", budget, modes=("exit3",))
    assert status == INCONCLUSIVE and "the command ended with 3" in out
    spaced = tmp_path / "a folder & more"
    spaced.mkdir()
    path = str(spaced / "slow<burn>.budget")
    os.rename(budget, path)
    status, out, _ = check(database, tmp_path, "--budget", path, "--report", "text", "--report",
                           "sarif=r.sarif", "--report", "junit=r.xml", modes=("direct",))
    assert status == INCONCLUSIVE and "no request was seen" in out
    # No finding, and yet not clean.
    run = reports.sarif(tmp_path / "r.sarif")
    invocation = run["invocations"][0]
    assert run["results"] == [] and not invocation["executionSuccessful"]
    assert "no request was seen" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    suite = reports.junit(tmp_path / "r.xml")
    assert suite.get("errors") == "1" and "no request" in suite.find("testcase/error").get("message")
    assert check(database, tmp_path, "--budget", path, "--report", "sarif=r.sarif", "--report",
                 "junit=r.xml", modes=("lazy",))[0] == OVER
    place = reports.sarif(tmp_path / "r.sarif")["results"][0]["locations"][0]["physicalLocation"]
    assert urllib.parse.unquote(place["artifactLocation"]["uri"]) == path
    os.rename(path, budget)
    before = os.stat(budget).st_mtime_ns
    assert check(database, tmp_path, "--budget", budget, "--update",
                 modes=("exit3",))[0] == INCONCLUSIVE
    assert os.stat(budget).st_mtime_ns == before


def test_wrong_words_and_a_wrong_world(database, tmp_path, budget):
    run = ["--", "true"]
    for words, said in ((["--budget", "nothing", *run], "--update makes one"),
                        ([*run], "--budget FILE is missing"),
                        (["--budget", budget], "it wants a COMMAND"),
                        (["--budget", budget, "--report", "pdf", *run], "--report is text"),
                        (["--budget", budget, "--nothing", *run], "unknown option")):
        status, _, err = check(database, tmp_path, *words, command=[])
        assert status == USAGE and said in err, (words, err)
    bad = tmp_path / "bad"
    bad.write_text("[GET /]\nqueries = many\n")
    status, _, err = check(database, tmp_path, "--budget", str(bad), command=run)
    assert status == USAGE and f"{bad}:2: this wants a number" in err
    status, _, err = check(database, tmp_path, "--budget", budget, command=run, env={})
    assert status == ENVIRONMENT and "--postgres HOST:PORT" in err
    status, _, err = check(database, tmp_path, "--budget", budget,
                           command=["--", "/no/such/command"])
    assert status == ENVIRONMENT and "/no/such/command" in err


def test_a_large_table_that_is_read_whole_is_over_it(database, tmp_path):
    path = tmp_path / "slowburn.budget"
    login = f"host=127.0.0.1 port={database.port} user=postgres"
    words = ("--budget", str(path), "--advisor", login)
    # The statement that reads items whole is of the list only; nothing was ever analyzed of it.
    assert check(database, tmp_path, *words, "--update")[0] == PASS
    written = path.read_text()
    assert "[GET /orders]\nqueries = 1\nrepeats = 1\nerrors = 0\nscans = 0\n" in written
    path.write_text(re.sub(r"(?m)^(queries|repeats|statement) = .*\n", "", written))
    for _ in range(2):
        status, out, err = check(database, tmp_path, *words, modes=("lazy",))
        assert (status, err) == (OVER, ""), out
        assert re.search(r"statements that read a large table whole: 1, budget 0: [0-9a-f]{16} items by "
                         r"order_id reads public.items, about 4[0-9]{4} rows", out), out
    status, out, err = check(database, tmp_path, *words)
    assert (status, err) == (PASS, ""), out
    # As large a table as this may be read whole; or as it was measured.
    large = path.read_text().replace("scans = 0\n", "scans = 0\nscan_rows = 50000\n")
    path.write_text(large)
    assert check(database, tmp_path, *words, modes=("lazy",))[0] == PASS
    path.write_text(large.replace("scan_rows = 50000\n", ""))
    assert check(database, tmp_path, *words, "--update", modes=("lazy",))[0] == PASS
    assert "scans = 1\n" in path.read_text()
    assert check(database, tmp_path, *words, modes=("lazy",))[0] == PASS
    # Who cannot look does not say that all is well.
    for more, said in (((), "login failed"), (("--advisor", login + " password=secret port=1"), "login failed"),
                       (("--postgres", f"127.0.0.1:{database.port}"), "no advisor")):
        env = {"PGHOST": "127.0.0.1", "PGPORT": str(database.port), "PGUSER": "nobody_such"}
        status, out, err = check(database, tmp_path, "--budget", str(path), *more, modes=("lazy",),
                                 env=env)
        assert (status, err) == (INCONCLUSIVE, ""), out
        assert f"Table scans: not checked: {said}" in out and "secret" not in out
    # The application's own login is as good.
    status, out, err = check(database, tmp_path, "--budget", str(path), modes=("lazy",), env={
        "DATABASE_URL": f"postgres://postgres@127.0.0.1:{database.port}/other"})
    assert (status, err) == (PASS, ""), out


WORK = """
import os, sys, psycopg2
connection = psycopg2.connect(dbname="checked", user=sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()
for table in sys.argv[2:]:
    cursor.execute(f"SELECT id FROM {table} WHERE id + 1 = 2 /*route='/work'*/")
"""


def test_a_name_of_any_length_is_a_large_table(database, tmp_path):
    """As long as names may be; and a table whose size the login may not ask is not taken for small."""
    long = "l" * 63
    database.sql(f"CREATE TABLE {long} AS SELECT n AS id FROM generate_series(1, 5000) n;"
                 "CREATE TABLE parted (id int) PARTITION BY RANGE (id);"
                 "CREATE TABLE parted_all PARTITION OF parted FOR VALUES FROM (1) TO (9999);"
                 "INSERT INTO parted SELECT generate_series(1, 5000);"
                 "CREATE ROLE limited LOGIN; GRANT SELECT ON parted TO limited; ANALYZE", "checked")
    path = tmp_path / "slowburn.budget"
    path.write_text("[/work]\nscans = 0\n")
    words = ("--budget", str(path))

    def run(user, table):
        login = f"host=127.0.0.1 port={database.port} user={user}"
        return check(database, tmp_path, *words, "--advisor", login,
                     command=["--", sys.executable, "-c", WORK, user, table])
    status, out, err = run("postgres", long)
    assert (status, err) == (OVER, ""), out
    assert f"reads public.{long}, about 5000 rows" in out, out
    status, out, err = run("limited", "parted")
    assert "the login may not ask how large a table is" in out, out + err


def test_a_request_log_is_judged_without_a_command(database, tmp_path, budget):
    line = {"route": "GET /orders", "status": 200, "failed": False, "queries": 9, "errors": 0,
            "statements": [{"fingerprint": "0" * 16, "short": "a by b", "calls": 9}]}
    log = tmp_path / "requests.jsonl"
    log.write_text(json.dumps(line) + "\n")
    status, out, _ = check(database, tmp_path, "--budget", budget, "--request-log", str(log),
                           command=[])
    assert status == OVER and "9 queries in a request, budget 1" in out
    log.write_text("not JSON\n")
    assert check(database, tmp_path, "--budget", budget, "--request-log", str(log),
                 command=[])[0] == INCONCLUSIVE


def test_the_database_is_found_in_a_dotenv_file(database, tmp_path, budget):
    (tmp_path / ".env").write_text(
        f"APP=x\nexport DATABASE_URL='postgres://postgres:a%40b@127.0.0.1:{database.port}/x'\n")
    status, out, err = check(database, tmp_path, "--budget", budget, env={})
    assert status == PASS, out + err
