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
