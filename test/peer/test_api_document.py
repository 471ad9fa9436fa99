# SPDX-License-Identifier: Apache-2.0
"""What doc/api.md shows is what a daemon answers: of the answers over time member by member, of its curl
commands what they print."""
import glob
import json
import os
import re
import subprocess
import time
import urllib.request

import pytest

from test.browser.filled import daemon_on, fill_shop

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
DOCUMENT = os.path.join(ROOT, "doc", "api.md")
SOURCES = os.path.join(ROOT, "src", "analysis", "report")


def examples():
    with open(DOCUMENT, encoding="utf-8") as file:
        return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", file.read(), re.S)]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with daemon_on(os.environ["SLOWBURN_BINARY"], str(tmp_path_factory.mktemp("api")),
                   lambda path: fill_shop(path, time.time(), hours=1)) as running:
        yield running


def get(running, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{running.admin}{path}", timeout=60) as reply:
        return json.load(reply)


def shape(value):
    """The members of objects, and what lists hold, without the figures."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        known = [member for member in value if member is not None]
        return [shape(known[0])] if known else []
    return None


def fits(wanted, got):
    """Has `got` all that is shown? Where either list is empty there is nothing to compare."""
    if isinstance(wanted, dict):
        return all(name in got and fits(member, got[name]) for name, member in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and (not wanted or not got or fits(wanted[0], got[0]))
    return got is None


@pytest.mark.parametrize("example", examples(), ids=lambda example: example["GET"])
def test_an_answer_is_as_it_is_shown(daemon, example):
    path = example.pop("GET")
    deadline = time.monotonic() + 60
    while True:  # a store that was filled from outside gets its sums within seconds
        answer = get(daemon, path)
        if any(answer.get("p95_ms", [1] * 9)[:-8]) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert fits(shape(example), shape(answer)), (shape(example), shape(answer))
    if "times" not in example:
        assert answer == example | {"plans": answer["plans"]} and answer["plans"]
        return
    points = [name for name in example if isinstance(example[name], list) and example[name] and
              not isinstance(example[name][0], dict)]
    assert len(points) > 5
    for name in points:
        assert len(answer[name]) == len(answer["times"]), name


def test_all_examples_are_found():
    assert [example["GET"].split("?")[0] for example in examples()] == [
        f"/api/v1/{name}" for name in ("overview", "route", "query", "plans")]


def commands():
    """Each curl command of the document, with what it shows of the answer."""
    with open(DOCUMENT, encoding="utf-8") as file:
        blocks = re.findall(r"```\n(\$ curl .*?)```", file.read(), re.S)
    for block in "".join(blocks).split("$ curl ")[1:]:
        lines = block.rstrip("\n").split("\n")
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
        yield "curl " + "\n".join(lines[:end + 1]), "\n".join(lines[end + 1:]).strip()


def printed(command, running):
    """What it prints within a few seconds: one of them goes on for ever."""
    command = command.replace("7433", str(running.admin)).replace("DATA", running.data)
    return subprocess.run(["sh", "-c", command.replace("curl ", "curl --max-time 3 ", 1)], text=True,
                          capture_output=True, check=False).stdout.strip()


def test_the_commands_print_what_is_shown(daemon):
    shown = list(commands())
    assert len(shown) >= 10
    for command, answer in shown:
        wanted = re.escape(answer).replace(re.escape("..."), ".*")
        got = printed(command, daemon)
        assert re.fullmatch(wanted, got, re.S), f"{command}\nshown: {answer}\nprinted: {got[:400]}"


def test_all_members_of_reports_are_described():
    with open(DOCUMENT, encoding="utf-8") as file:
        described = set(re.findall(r"`(\w+)`", file.read()))
    named = set()
    answers = set(glob.glob(os.path.join(SOURCES, "*.c"))) - {os.path.join(SOURCES, "metrics.c")}
    for path in answers:
        with open(path, encoding="utf-8") as file:
            named |= set(re.findall(r'(?:put_\w+|set_new)\(\w+, "(\w+)"', file.read()))
    assert len(named) > 80
    assert not named - described, named - described
