# SPDX-License-Identifier: Apache-2.0
"""slowburn dev in front of a small application: its lines, its summary, its exit status, and what it
says when the application's queries go past it."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import urllib.request

import pytest

from test.harness import processes
from test.peer import burn

APP = os.path.join(os.path.dirname(__file__), "small_app.py")
PAST = "requests are answered, but no query passes through slowburn"
# Answers one request with PHP's own server, its database where the environment of $_ENV says.
PHP = """<?php
$port = $_ENV['PGPORT'] ?? getenv('DEV_TRUE_PORT');
$db = pg_connect("host=127.0.0.1 port=$port dbname=developed user=postgres");
echo pg_fetch_result(pg_query($db, 'SELECT count(*) FROM settings'), 0, 0);
"""
# Asks `requests` times, a little while apart, then stops the server that it has started.
DRIVER = """
import os, subprocess, sys, time, urllib.request
server = subprocess.Popen(sys.argv[2:])
for n in range(int(sys.argv[1])):
    for _ in range(100):
        try:
            urllib.request.urlopen(os.environ["SLOWBURN_HTTP"] + "/orders").read()
            break
        except OSError:
            time.sleep(0.1)
    time.sleep(0.5)
server.terminate()
server.wait()
"""


@pytest.fixture(scope="module")
def database(postgres):
    postgres.sql("CREATE DATABASE developed")
    postgres.sql(burn.SCHEMA, "developed")
    return postgres


def dev(database, folder, *words, env=None):
    clean = {key: value for key, value in os.environ.items()
             if key not in ("DATABASE_URL", "DB_URL", "DB_HOST", "DB_PORT", "PORT")}
    clean.update(PGHOST="127.0.0.1", PGPORT=str(database.port), DEV_TRUE_PORT=str(database.port))
    clean.update(env or {})
    done = subprocess.run([os.environ["SLOWBURN_BINARY"], "dev", *words], cwd=folder, env=clean,
                          text=True, capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_line_for_each_request_and_the_commands_own_status(database, tmp_path):
    port = str(processes.free_port())
    status, out, err = dev(database, tmp_path, "--http", f"127.0.0.1:{port}", "--", sys.executable,
                           APP, "developed", port, "lazy", "exit3", env={"PGUSER": "nobody_such"})
    assert status == 3, err
    lines, summary = out.split("slowburn dev: ", 1)
    lists = [line for line in lines.splitlines() if line.startswith("GET /orders ")]
    assert len(lists) == 3
    for line in lists:
        assert re.fullmatch(r"GET /orders 200 [0-9.,]+ m?s · 6 queries, 5 the same shape "
                            r"⚠ items by order_id", line), line
    assert len(re.findall(r"(?m)^GET /me 200 .* · 2 queries$", lines)) == 3
    assert summary.startswith("2 routes in ")
    assert re.search(r"GET /orders +3 × .*, at most 6 queries ⚠ 5 × items by order_id", summary)
    assert f"open http://127.0.0.1:" in err and "(PGHOST)" in err
    assert "\033" not in out + err and PAST not in err
    assert err.count("table scans are not looked for: login failed") == 1


@pytest.mark.parametrize("login", ["the application's", "--advisor"])
def test_large_tables_that_are_read_whole_are_counted(database, tmp_path, login):
    port = str(processes.free_port())
    dsn = f"host=127.0.0.1 port={database.port} user=postgres"
    words, env = ([], {"PGUSER": "postgres"}) if login != "--advisor" else (
        ["--advisor", dsn], {"PGUSER": "nobody_such"})
    status, out, err = dev(database, tmp_path, *words, "--http", f"127.0.0.1:{port}", "--",
                           sys.executable, APP, "developed", port, "lazy", "new", env=env)
    assert (status, "table scans" in err) == (0, False), err
    # items has no index; settings is read whole, too, but has few rows. What is known too late for a
    # line, on a slow machine, is known for the next one.
    lines = re.findall(r"(?m)^GET /orders 200 .* 7 queries, 5 the same shape ⚠ items by order_id(.*)$", out)
    assert len(lines) == 3 and lines[-1] == " · 1 table scan" and set(lines) <= {lines[-1], ""}, out
    assert len(re.findall(r"(?m)^GET /me 200 .* · 2 queries$", out)) == 3, out


def test_where_it_listens_is_guessed_from_the_command(database, tmp_path):
    port = processes.free_port()
    (tmp_path / "index.php").write_text(PHP)
    status, out, err = dev(database, tmp_path, "--", sys.executable, "-c", DRIVER, "2", "php", "-d",
                           "variables_order=EGPCS", "-S", f"127.0.0.1:{port}", "index.php")
    assert status == 0, err
    assert f"instead of 127.0.0.1:{port}" in err
    assert len(re.findall(r"(?m)^GET /orders 200 .* · 1 query$", out)) == 2, out


@pytest.mark.parametrize("case", ["variables_order", "cached", "socket"])
def test_queries_that_go_past_it_are_told_with_the_remedy(database, tmp_path, case):
    port = processes.free_port()
    words = []
    (tmp_path / "index.php").write_text(PHP)
    if case == "cached":
        (tmp_path / "bootstrap/cache").mkdir(parents=True)
        (tmp_path / "bootstrap/cache/config.php").write_text("<?php return [];")
    if case == "socket":
        words = ["--postgres", "unix:/nowhere:5432"]
    # PHP's own configuration hides the environment from $_ENV: all of them go to the server itself.
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "run.php").write_text(
        f"<?php passthru('{sys.executable} driver.py 6 php -d variables_order=GPCS"
        f" -S 127.0.0.1:{port} index.php');")
    status, _, err = dev(database, tmp_path, "--wait", "1", *words, "--http", f"127.0.0.1:{port}",
                         "--", "php", "-d", "variables_order=GPCS", "run.php")
    assert status == 0, err
    assert PAST in err, err
    assert ("variables_order = GPCS" in err) and "php -d variables_order=EGPCS" in err
    assert ("php artisan config:clear" in err) == (case == "cached")
    assert ("by a socket (/nowhere:5432)" in err) == (case == "socket")
    assert re.search(r"host 127.0.0.1 and port \d+ as its database's", err)
    assert err.count(PAST) == 1


def test_what_it_cannot_do_is_said(database, tmp_path):
    for words, code, said in ((["--"], 2, "it wants a COMMAND"),
                              (["--http", "x=1", "--", "true"], 2, "--http is"),
                              (["--nothing", "--", "true"], 2, "unknown option"),
                              (["--", "/no/such/command"], 127, "/no/such/command")):
        status, _, err = dev(database, tmp_path, *words)
        assert status == code and said in err, (words, err)
    status, _, err = dev(database, tmp_path, "--", "true", env={"PGHOST": ""})
    assert status == 3 and "--postgres HOST:PORT" in err
    status, _, _ = dev(database, tmp_path, "--", "sh", "-c", "kill -TERM $$")
    assert status == 128 + 15


SHELL = """trap : INT; "$@"; echo "ended with $?"; exec sleep 600"""


class Terminal:
    """slowburn dev with a terminal of its own, that a shell goes on to hold when it has ended."""

    def __init__(self, database, folder, *words, options=()):
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("DATABASE_URL", "DB_URL", "DB_HOST", "DB_PORT", "NO_COLOR")}
        environment.update(PGHOST="127.0.0.1", PGPORT=str(database.port), TERM="xterm")
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve("/bin/sh", ["sh", "-c", SHELL, "sh", os.environ["SLOWBURN_BINARY"], "dev",
                                  *options, "--", *words], environment)
        self.seen = ""

    def modes(self):
        """(does it wait for a line, does it echo)"""
        flags = termios.tcgetattr(self.end)[3]
        return bool(flags & termios.ICANON), bool(flags & termios.ECHO)

    def child(self):
        """The process that is slowburn dev."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def read(self):
        if select.select([self.end], [], [], 0.2)[0]:
            self.seen += os.read(self.end, 65536).decode(errors="replace")

    def wait_for_modes(self, modes):
        deadline = time.monotonic() + 60
        while self.modes() != modes:
            assert time.monotonic() < deadline, self.seen
            self.read()

    def wait_for(self, pattern):
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.seen):
            assert time.monotonic() < deadline, f"no {pattern} in {self.seen}"
            self.read()
        found = re.search(pattern, self.seen)
        self.seen = self.seen[found.end():]
        return found

    def keys(self, text):
        os.write(self.end, text.encode())

    def close(self):
        """With the shell all that its terminal has in front ends."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.end)


@pytest.fixture
def terminal(database, tmp_path):
    """With an application behind it that answers until it is stopped, and three requests done."""
    port = str(processes.free_port())
    shown = Terminal(database, tmp_path, sys.executable, APP, "developed", port, "lazy", "serve",
                     options=("--http", f"127.0.0.1:{port}"))
    at = shown.wait_for(r"open http://127.0.0.1:(\d+) instead").group(1)
    shown.wait_for(r"Enter shows a request's queries, \? all keys")
    processes.wait_for_port(int(port))
    for path in ("orders", "me", "orders"):
        urllib.request.urlopen(f"http://127.0.0.1:{at}/{path}").read()
    shown.wait_for(r"3 \S*GET /orders ")
    yield shown
    shown.close()


def test_keys_show_a_request_with_its_queries(terminal):
    assert terminal.modes() == (False, False)
    terminal.keys("?")
    terminal.wait_for("Ctrl-C +ends the command")
    terminal.keys("\r")
    terminal.wait_for(r"3 \S*GET /orders .*6 queries")
    terminal.wait_for(r"named by path")
    terminal.wait_for(r"×5\S* +\d+ +\w+[^\r]* select sku from items where order_id = \?")
    terminal.keys("2\r")
    terminal.wait_for(r"2 \S*GET /me .*2 queries")
    terminal.wait_for(r"select token from users where id = \?")
    terminal.keys("\033[A\033[A\033OA")
    terminal.wait_for(r"▸\S* +\S*1 \S*GET /orders")
    terminal.keys("\033[B")
    terminal.wait_for(r"▸\S* +\S*2 \S*GET /me")
    terminal.keys("77\r")
    terminal.wait_for("request 77 is not among the last 3")


def test_the_terminal_is_as_it_was_afterwards(terminal):
    # Stopped, it is the shell's; and ours again once it goes on.
    terminal.keys("\032")
    terminal.wait_for_modes((True, True))
    os.killpg(terminal.pid, signal.SIGCONT)
    terminal.wait_for_modes((False, False))
    terminal.keys("\r")
    terminal.wait_for(r"named by path")
    terminal.keys("\003")  # the command's end is its own
    terminal.wait_for("2 routes in")
    terminal.wait_for(f"ended with {128 + signal.SIGINT}")
    assert terminal.modes() == (True, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV])
def test_a_signal_leaves_the_terminal_as_it_was(terminal, number):
    os.kill(terminal.child(), number)
    terminal.wait_for(f"ended with {128 + number}")
    assert terminal.modes() == (True, True)


def test_without_keys_the_terminal_is_the_commands(database, tmp_path):
    shown = Terminal(database, tmp_path, sys.executable, "-c", "print('read', input())",
                     options=("--no-keys",))
    shown.wait_for("no idea where it listens")
    assert shown.modes() == (True, True)
    shown.keys("a line\r")
    shown.wait_for("read a line")
    shown.wait_for("ended with 0")
    shown.close()
