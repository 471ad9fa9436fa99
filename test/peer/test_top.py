# SPDX-License-Identifier: Apache-2.0
"""`slowburn top` in a terminal of the test's own: what is on the screen, and what the keys do."""
import json
import os
import shutil
import subprocess
import time

import pytest

from test.browser.filled import daemon_on, fill_shop

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with daemon_on(os.environ["SLOWBURN_BINARY"], str(tmp_path_factory.mktemp("top")),
                   lambda path: fill_shop(path, time.time(), hours=1)) as running:
        running.wait_until_watching()
        yield running


class Terminal:
    """A tmux server with one window of 80 x 24."""

    def __init__(self, folder, command, locale="C.UTF-8", size=(80, 24), more=""):
        self.socket = os.path.join(folder, "tmux")
        self.errors = os.path.join(folder, "errors")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(size[0]),
                  "-y", str(size[1]), f"LC_ALL={locale} {more} exec {command} 2>{self.errors}")
        self.tmux("set-option", "-s", "set-clipboard", "on")  # what is copied becomes its buffer

    def tmux(self, *words):
        environment = {**os.environ, "TERM": "screen-256color"}
        return subprocess.run(["tmux", "-u", "-S", self.socket, *words], text=True, env=environment,
                              capture_output=True, check=False).stdout

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def wait_for(self, *texts, absent=(), how=()):
        """The screen once it has all of these and none of those."""
        deadline = time.monotonic() + 60
        while True:
            screen = self.tmux("capture-pane", "-p", *how)
            if all(text in screen for text in texts) and not any(t in screen for t in absent):
                return screen
            assert time.monotonic() < deadline, f"no {texts} on\n{screen}"
            time.sleep(0.1)

    def wait_for_end(self):
        deadline = time.monotonic() + 60
        while "0:" in self.tmux("list-windows"):
            assert time.monotonic() < deadline, "top does not end"
            time.sleep(0.1)
        with open(self.errors, encoding="utf-8") as file:
            return file.read()

    def close(self):
        self.tmux("kill-server")


@pytest.fixture
def terminal(daemon, tmp_path):
    shown = Terminal(str(tmp_path), f"{daemon.binary} top --data {daemon.data}")
    yield shown
    shown.close()


def test_the_screen_says_what_is_wrong_and_what_is_busy(terminal):
    screen = terminal.wait_for("GET /api/orders is slowing down", "[1 routes]", "POST /api/login")
    lines = screen.rstrip("\n").split("\n")
    assert len(lines) == 24 and max(map(len, lines)) <= 80
    rows = [line for line in lines if "%" in line]
    assert rows[0].startswith("GET /api/orders "), "the busiest comes first"
    terminal.keys("q")
    assert terminal.wait_for_end() == ""


def test_pages_sort_filter_and_expand(terminal):
    terminal.wait_for("[1 routes]")
    terminal.keys("2")
    terminal.wait_for("[2 queries]", "items by order_id")
    terminal.keys("s")
    terminal.wait_for("by calls")
    terminal.keys("/")
    terminal.keys("users", "Enter")
    terminal.wait_for("/users", "users by id", absent=["items by order_id"])
    terminal.keys("/", "Escape")
    terminal.wait_for("items by order_id", absent=["/users"])
    terminal.keys("3")
    terminal.wait_for("[3 incidents]")
    terminal.keys("Enter")
    screen = terminal.wait_for("What changed, mean ms per request", "+344.4", "since", "database load 0.1")
    assert "slowing down\n  open " in screen, "what does not fit goes on at a word"
    terminal.keys("Escape", "1")
    terminal.wait_for("[1 routes]", "Enter expand")
    terminal.keys("Enter")
    terminal.wait_for("GET /api/me", "its queries", "users by id", absent=["[1 routes]"])
    terminal.keys("y")
    terminal.wait_for("copied")
    assert "GET /api/me" in terminal.tmux("show-buffer")
    terminal.keys("Escape", "Space")
    terminal.wait_for("PAUSED")
    terminal.keys("Space")
    terminal.wait_for("[1 routes]", absent=["PAUSED"])
    terminal.keys("4")
    terminal.wait_for("[4 traces]")
    terminal.keys("5")
    terminal.wait_for("[5 load]", "database load of the last 60 minutes", "█", "items by order_id")
    terminal.keys("q")
    assert terminal.wait_for_end() == ""


def test_a_terminal_without_unicode_gets_ascii(daemon, tmp_path):
    shown = Terminal(str(tmp_path), f"{daemon.binary} top --data {daemon.data}", locale="C")
    try:
        shown.keys("3")
        assert shown.wait_for("[3 incidents]", "41 ms > 388 ms").isascii()
    finally:
        shown.close()


def test_colour_only_where_it_is_wanted(daemon, tmp_path):
    command = f"{daemon.binary} top --data {daemon.data}"
    for name, more, wanted in (("yes", "", True), ("no", "NO_COLOR=1", False)):
        os.mkdir(tmp_path / name)
        shown = Terminal(str(tmp_path / name), command, more=more)
        try:
            screen = shown.wait_for("is slowing down", how=["-e"])
            assert ("\x1b[33m" in screen) == wanted
        finally:
            shown.close()


def test_a_terminal_that_cannot_be_drawn_on_gets_one_screen(daemon, tmp_path):
    for term in ("dumb", "nobody-knows-it"):
        os.mkdir(tmp_path / term)
        command = f"sh -c '{daemon.binary} top --data {daemon.data}; sleep 600'"
        shown = Terminal(str(tmp_path / term), command, more=f"TERM={term}")
        try:
            screen = shown.wait_for("[1 routes]", "GET /api/products")
            assert screen.startswith("slowburn ") and "q quit" not in screen
        finally:
            shown.close()


def test_once_and_json_need_no_terminal(daemon):
    text = daemon.verb("top", "--once")
    lines = text.rstrip("\n").split("\n")
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert "is slowing down" in lines[1] and not any("\x1b" in line for line in lines)
    document = json.loads(daemon.verb("top", "--json"))
    assert document["incidents"][0]["subject"] == "GET /api/orders"
    assert document["overview"]["routes"][0]["route"] == "GET /api/orders"
