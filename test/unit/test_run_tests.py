# SPDX-License-Identifier: Apache-2.0
"""tools/run_tests.py: what is counted, and who gets a second attempt. Prints TAP."""
import importlib.util
import os
import sys
import tempfile

spec = importlib.util.spec_from_file_location("run_tests", sys.argv[1])
run_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_tests)

PASSES = "def test_passes():\n    pass\n"
SKIPS = "import pytest\ndef test_skips():\n    pytest.skip('not here')\n"
FAILS = "def test_fails{}():\n    assert 0, 'always so'\n"
# Every run of it leaves a mark; the first one fails.
ONCE = """
import os
import pytest
class TestIt:
    @pytest.mark.parametrize("way", ["a/b"])
    def test_fails_once(self, way):
        mark = __file__ + ".mark"
        first = not os.path.exists(mark)
        open(mark, "w").close()
        assert not first, "the first\\ntime"
"""
BROKEN_SET_UP = """
import pytest
@pytest.fixture
def broken():
    yield
    raise OSError("taken down badly")
def test_has_two_faults(broken):
    assert 0
"""
NO_FILE = "import nothing_of_that_name\n"

# (name, files, strict, (passed, failed, skipped), how many passed at the second attempt)
CASES = [
    ("all pass", [PASSES, SKIPS], False, (1, 0, 1), 0),
    ("one fails twice", [PASSES, FAILS], False, (1, 1, 0), 0),
    ("one fails once", [PASSES, ONCE, FAILS], False, (2, 1, 0), 1),
    ("one fails once, strict", [PASSES, ONCE], True, (1, 1, 0), 0),
    ("too many fail", [ONCE, *[FAILS] * 3], False, (0, 4, 0), 0),
    ("a test and its end fail", [PASSES, BROKEN_SET_UP], False, (1, 1, 0), 0),
    ("a file does not load", [PASSES, NO_FILE], False, (0, 1, 0), 0),
    ("there is none", [], False, (0, 1, 0), 0),
]


def play(files, strict):
    """In a folder of its own; what pytest prints is no TAP."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for number, text in enumerate(files):
            with open(f"test_{number}.py", "w", encoding="utf-8") as out:
                out.write(text.format(number))
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            return run_tests.run_peer("build", ["."], strict)
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)
            os.chdir("/")


failures = 0
print(f"1..{len(CASES)}", flush=True)
for index, (name, files, strict, counts, again_count) in enumerate(CASES, 1):
    *found, again = play(files, strict)
    ok = tuple(found) == counts and len(again) == again_count
    ok = ok and all("the first time" in words for words in again.values())
    failures += not ok
    print(f"{'ok' if ok else 'not ok'} {index} - run_tests: {name}", flush=True)
    if not ok:
        print(f"# expected {counts}, {again_count} again; found {found}, {again}", flush=True)
sys.exit(1 if failures else 0)
