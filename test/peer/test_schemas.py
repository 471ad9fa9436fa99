# SPDX-License-Identifier: Apache-2.0
"""A few of the generated applications of `make schemas`: their planted faults are found exactly, and
where nothing was planted nothing is found. The faulty ones run side by side; the control runs alone,
for a neighbour that burns from the same second on is more than noise to it."""
import os
from concurrent.futures import ThreadPoolExecutor

from test.schemas import generate, trial

# Seeds of applications, for what they are together: each fault, and none; each driver; a pool, one
# connection a request, and no HTTP hop; a marked deploy and an inferred one.
FAULTY = (11, 22)
CONTROL = 26


def play(seed, server, folder):
    return trial.run(generate.application(seed), os.environ["SLOWBURN_BINARY"], server,
                     str(folder / str(seed)))


def test_planted_faults_are_found_exactly(postgres, tmp_path):
    with ThreadPoolExecutor(len(FAULTY)) as pool:
        verdicts = list(pool.map(lambda seed: play(seed, postgres, tmp_path), FAULTY))
    assert all(exact for exact, _ in verdicts), "\n".join(line for _, line in verdicts)


def test_nothing_is_found_where_nothing_was_planted(postgres, tmp_path):
    exact, line = play(CONTROL, postgres, tmp_path)
    assert exact, line


def play_again(monkeypatch, tmp_path, *verdicts):
    """What run() makes of these attempts, and how many of them it asked for."""
    left = list(verdicts)
    monkeypatch.setattr(trial, "attempt", lambda *_: left.pop(0))
    return trial.run(None, None, None, str(tmp_path)), len(verdicts) - len(left)


def test_only_a_wrong_verdict_on_a_busy_machine_is_played_again(monkeypatch, tmp_path):
    wrong, right, busy = (False, "WRONG"), (True, "exact"), ("so busy",)
    free = ("",)
    assert play_again(monkeypatch, tmp_path, wrong + free, right + free) == ((False, "WRONG"), 1)
    assert play_again(monkeypatch, tmp_path, right + busy, right + free) == ((True, "exact"), 1)
    (exact, line), played = play_again(monkeypatch, tmp_path, wrong + busy, right + busy)
    assert exact and played == 2 and "machine too busy (so busy), played again" in line
    (exact, line), played = play_again(monkeypatch, tmp_path, *[wrong + busy] * 9)
    assert not exact and played == trial.ATTEMPTS_MAX and line.endswith("busy even then")


def test_the_machine_is_busy_when_work_takes_long_or_requests_come_late():
    class Load:
        def __init__(self, late):
            self.late = late

    class Probe:
        def __init__(self, before, after):
            self.stretches = [before, after]

        def stretch(self, _since, _until):
            return self.stretches.pop(0)
    quiet, late = [0.001] * 95 + [1.0] * 5, [0.001] * 90 + [1.0] * 10
    assert trial.too_busy(Load(quiet), Probe(1.1, 4.0), 0, 1) == ""
    assert "3.1 times" in trial.too_busy(Load(quiet), Probe(3.1, 1.0), 0, 1)
    assert "4.6" in trial.too_busy(Load(quiet), Probe(1.0, 4.6), 0, 1)
    assert "10 %" in trial.too_busy(Load(late), Probe(1.1, 1.1), 0, 1)
