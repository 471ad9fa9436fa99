# SPDX-License-Identifier: Apache-2.0
"""What a failed test leaves: its folder is gone afterwards, and nobody can look at the machine."""
import os

from test.harness.slowburn import Slowburn

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


def sections(fixtures):
    """[(title, text)] for pytest's report of a failed test; fixtures: {name: value}."""
    for value in fixtures.values():
        if isinstance(value, Slowburn):
            value.keep_status()
    found = [(os.path.relpath(path, fixtures["tmp_path"]), tail(path))
             for path in (newest(fixtures["tmp_path"]) if "tmp_path" in fixtures else ())]
    if "postgres" in fixtures:
        found.append(("the shared PostgreSQL's log", tail(fixtures["postgres"].log)))
    return found
