# SPDX-License-Identifier: Apache-2.0
"""What a failed test leaves: its folder is gone afterwards, and nobody can look at the machine."""
import os

from test.harness.slowburn import Slowburn

TESTS_MAX = 10  # where more fail than this, their logs say the same
FILES_MAX = 6
TAIL_BYTES = 6000
ENDS = (".log", ".status")


def tail(path):
    """The last whole lines of a file."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError as error:
        return str(error)
    if size <= TAIL_BYTES:
        return text
    return f"({size - TAIL_BYTES} bytes before this)\n" + text.partition("\n")[2]


def newest(folder):
    """The logs and last statuses in it that were written to last; no links, no deeper than a test
    that runs two daemons."""
    found = []
    for path, folders, names in os.walk(folder):
        if path.count(os.sep) - str(folder).count(os.sep) >= 2:
            folders.clear()
        found += [os.path.join(path, name) for name in names if name.endswith(ENDS)]
    return sorted(filter(os.path.isfile, found), key=os.path.getmtime)[-FILES_MAX:]


def servers(value):
    """Whatever has a log, in what a fixture gives."""
    if isinstance(value, (list, tuple)):
        return [server for item in value for server in servers(item)]
    return [value] if isinstance(getattr(value, "log", None), str) else []


def sections(fixtures):
    """[(title, text)] for pytest's report of a failed test; fixtures: {name: value}."""
    running = [server for value in fixtures.values() for server in servers(value)]
    paths = list(newest(fixtures["tmp_path"])) if "tmp_path" in fixtures else []
    for server in running:
        paths.append(server.log)
        if isinstance(server, Slowburn):
            paths.append(server.keep_status())
    return [(os.sep.join(path.split(os.sep)[-2:]), tail(path)) for path in dict.fromkeys(paths)]
