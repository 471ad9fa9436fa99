# SPDX-License-Identifier: Apache-2.0
"""A few of the generated applications of `make schemas`, side by side: their planted faults are
found exactly, and where nothing was planted nothing is found."""
import os
from concurrent.futures import ThreadPoolExecutor

from test.schemas import generate, trial

# Seeds of applications, for what they are together: each fault, and none; each driver; a pool, one
# connection a request, and no HTTP hop; a marked deploy and an inferred one.
SEEDS = (11, 22, 26)


def test_planted_faults_are_found_exactly(postgres, tmp_path):
    def play(seed):
        return trial.run(generate.application(seed), os.environ["SLOWBURN_BINARY"], postgres,
                         str(tmp_path / str(seed)))
    with ThreadPoolExecutor(len(SEEDS)) as pool:
        verdicts = list(pool.map(play, SEEDS))
    assert all(exact for exact, _ in verdicts), "\n".join(line for _, line in verdicts)
