# SPDX-License-Identifier: Apache-2.0
"""tools/layers finds arrows that point up or sideways, and only those. Prints TAP."""
import os
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
CASES = [
    ("down", "proxy/a.c", '#include "io/loop.h"\n#include "base/buf.h"\n', 0),
    ("itself", "proto/pg/a.c", '#include "proto/sql/b.h"\n', 0),
    ("up", "base/a.c", '#include "model/event.h"\n', 1),
    ("sideways", "proxy/a.c", '#include "analysis/window/history.h"\n', 1),
    ("io and proto", "io/a.c", '#include "proto/pg/x.h"\n', 1),
    ("unknown room", "extra/a.c", '#include "base/buf.h"\n', 1),
    ("no folder", "proxy/a.c", '#include "worker.h"\n', 1),
    ("library", "proxy/a.c", "#include <sqlite3.h>\n", 1),
    ("library in its place", "store/a.c", "#include <sqlite3.h>\n", 0),
    ("indented", "base/a.h", '  #  include "io/loop.h"\n', 1),
    ("down, inside a folder", "analysis/judge/a.c", '#include "analysis/incident/b.h"\n', 0),
    ("up, inside a folder", "analysis/incident/a.c", '#include "analysis/judge/b.h"\n', 1),
    ("sideways, inside a folder", "analysis/link/a.c", '#include "analysis/series/b.h"\n', 1),
    ("a folder's root, from inside", "analysis/link/a.c", '#include "analysis/analyzer.h"\n', 1),
    ("from a folder's root", "analysis/analyzer.c", '#include "analysis/judge/judge.h"\n', 0),
    ("nothing there", None, "", 1),
]


def run(path, text):
    with tempfile.TemporaryDirectory() as folder:
        if path:
            os.makedirs(os.path.join(folder, os.path.dirname(path)))
            with open(os.path.join(folder, path), "w", encoding="utf-8") as out:
                out.write(text)
        return subprocess.run([TOOL, folder], stdout=subprocess.DEVNULL, check=False).returncode


failed = 0
print(f"1..{len(CASES)}")
for number, (name, path, text, expected) in enumerate(CASES, 1):
    ok = run(path, text) == expected
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {number} - layers: {name}")
sys.exit(1 if failed else 0)
