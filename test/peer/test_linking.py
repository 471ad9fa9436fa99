# SPDX-License-Identifier: Apache-2.0
"""A little of `make linking`: applications whose queries are known, five requests at a time."""
import argparse
import os

import pytest

from test.linking import card
from test.linking.__main__ import play


@pytest.mark.parametrize("kind, mode", [("php", "values"), ("python", "tags")])
def test_queries_are_tied_to_their_requests(kind, mode, postgres, tmp_path):
    arguments = argparse.Namespace(binary=os.environ["SLOWBURN_BINARY"], seconds=6, seed=1)
    result = play(kind, mode, 5, arguments, postgres, str(tmp_path / "trial"), None)
    assert result["failed"] == 0 and result["seen"] == result["requests"] > 20
    assert result["unknown"] <= card.UNKNOWN * result["queries"]
    assert card.share(result["right"], result["queries"]) > 0.9, result
    assert card.share(result["stated_right"], result["stated"]) > 0.95, result
