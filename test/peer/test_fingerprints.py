# SPDX-License-Identifier: Apache-2.0
"""Our groups of statements beside pg_stat_statements', over what real applications ask."""
import os

from test.corpus import agree

PROGRAM = os.path.join(os.path.dirname(os.environ["SLOWBURN_BINARY"]), "..", "test", "corpus",
                       "prints")


def test_groups_are_those_of_the_server():
    assert agree.applications(PROGRAM, False) >= 0.99
