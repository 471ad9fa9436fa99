# SPDX-License-Identifier: Apache-2.0
"""The recipes of `make recipes`, without their servers: every release that they ask for can be made
and parsed by PHP, and the verdict on a document is what it should be."""
import itertools
import os
import subprocess

import pytest

from examples.demo.shop import Shop
from examples.load import traffic
from test.recipes import card, trial, verdict
from test.recipes.__main__ import may_meet
from test.recipes.recipe import Cause, Recipe, nothing
from test.recipes.table import RECIPES
from test.recipes.world import PATCHES, World


class Releases(World):
    """Notes which releases are deployed; whatever else recipes do comes to nothing."""

    def __init__(self, recipes):
        super().__init__(recipes, 1, None)
        self.made = [self._in_order()]

    def release(self, _name):
        self.made.append(self._in_order())

    def sql(self, *_):
        pass

    start = stop = sql
    carrier = property(lambda self: self, lambda self, _: None)


def releases(recipes):
    world = Releases(recipes)
    for doing in ("control", "plant", "remove"):
        world = world if doing == "remove" else Releases(recipes)
        for recipe in recipes:
            getattr(recipe, doing)(world)
        world.release(doing)
        yield from world.made


def test_every_release_can_be_made(tmp_path):
    shop = Shop(None, str(tmp_path), 0, str(tmp_path))
    together = [[one] for one in RECIPES]
    together += [pair for pair in itertools.combinations(RECIPES, 2) if may_meet(*pair)]
    wanted = {release for recipes in together for release in releases(recipes)}
    assert {patch for release in wanted for patch in release} == set(PATCHES)
    files = {}  # by what is in them: most are the same in every release
    for release in wanted:
        for folder, _, names in os.walk(shop.release(release)):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    files[file.read()] = path
    php = [path for path in files.values() if path.endswith(".php")]
    script = "foreach (array_slice($argv, 1) as $f) token_get_all(file_get_contents($f), TOKEN_PARSE);"
    done = subprocess.run(["php", "-r", script, "--", *php], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


SLOW = Recipe("slow", "", nothing, nothing, nothing, causes=(Cause("missing-index", "items"),),
              subjects=(traffic.LIST,), plants_by_deploy=True)
HELD = Recipe("held", "", nothing, nothing, nothing,
              causes=(Cause("lock-wait"), Cause("idle-in-transaction", "payments")),
              subjects=(traffic.PAY,))
NOBODY = Recipe("nobody", "", nothing, nothing, nothing, subjects=(traffic.DETAIL,))


def cause(rank, kind, table, saving_ms=10.0):
    return {"rank": rank, "kind": kind, "tables": [table] if table else [], "detail": "because",
            "saving_ms": saving_ms}


def incident(subject, *causes, deploy=None):
    action = {"kind": "create-index", "cause": 1, "saving_alone_ms": 12.0}
    return {"subject": subject, "causes": list(causes), "actions": [action],
            "deploy": {"name": deploy} if deploy else None, "opened_at": "2026-06-30T12:00:05.000Z"}


def judge(recipes, incidents, deploy=None):
    return verdict.judge(recipes, incidents, verdict.waiting.wall("2026-06-30T12:00:00.000Z"),
                         deploy)


INDEX = cause(1, "missing-index", "items")
LOCK, IDLE = cause(1, "lock-wait", "orders"), cause(2, "idle-in-transaction", "payments")


def test_what_is_exact():
    found = judge([SLOW], [incident(traffic.LIST, INDEX, deploy="v")], "v")
    assert (found.opened_s, found.subject, found.exact, found.first, found.deploy) \
        == (5.0, True, True, True, True)
    both = [incident(traffic.PAY, LOCK, IDLE), incident(traffic.LIST, INDEX, deploy="v")]
    found = judge([SLOW, HELD], both, "v")
    assert found.exact and found.first and found.subject and found.deploy
    found = judge([NOBODY], [incident(traffic.DETAIL)])
    assert found.exact and found.first and found.deploy


@pytest.mark.parametrize("recipe, incidents, wrong", [
    (SLOW, [], {"opened_s", "subject", "exact", "first", "deploy"}),
    (SLOW, [incident(traffic.LIST, INDEX)], {"deploy"}),
    (SLOW, [incident(traffic.PROFILE, INDEX, deploy="v")], {"subject"}),
    (SLOW, [incident(traffic.LIST, cause(1, "slower", "items"), deploy="v")], {"exact", "first"}),
    (SLOW, [incident(traffic.LIST, cause(1, "cacheable", "items"), cause(2, "missing-index", "items"),
                     deploy="v")], {"exact", "first"}),
    (SLOW, [incident(traffic.LIST, INDEX, cause(2, "slower", "users"), deploy="v")], {"exact"}),
    (HELD, [incident(traffic.PAY, LOCK)], {"exact"}),
    (HELD, [incident(traffic.PAY, LOCK, IDLE, deploy="another")], {"deploy"}),
    (NOBODY, [incident(traffic.DETAIL, INDEX)], {"exact", "first"}),
    (NOBODY, [incident(traffic.LIST)], {"opened_s", "subject", "exact", "first", "deploy"}),
])
def test_what_is_wrong(recipe, incidents, wrong):
    found = judge([recipe], incidents, "v")
    assert {name for name in ("subject", "exact", "first", "deploy") if not getattr(found, name)} \
        | ({"opened_s"} if found.opened_s is None else set()) == wrong
    assert not card.are_met([found], [])


def test_only_what_is_wrong_on_a_busy_machine_is_played_again():
    def play(*attempts):
        left = list(attempts)

        def one(_number):
            right, stretch = left.pop(0)
            found = judge([SLOW], [incident(traffic.LIST, INDEX, deploy="v")] if right else [], "v")
            found.stretch = stretch
            return found
        found = trial.steady(one)
        return found.right, found.again
    assert play((False, 1.2)) == (False, 0)
    assert play((True, 9.0)) == (True, 0)
    assert play((False, 9.0), (True, 1.2)) == (True, 1)
    assert play((False, 9.0), (False, 9.0)) == (False, 1)


def test_how_sure_stretches_are():
    assert trial.half_interval([5.0]) == 0.0
    # Student's t of 7 and of 11 degrees of freedom, two-sided 95 %: 2.365 and 2.201.
    for count, student in ((8, 2.365), (12, 2.201)):
        values = [1.0, 3.0] * (count // 2)
        wanted = student * (count / (count - 1)) ** 0.5 / count ** 0.5
        assert abs(trial.half_interval(values) - wanted) < 0.01 * wanted


def test_what_a_fix_is_promised_to_save():
    assert verdict.predicted_ms(SLOW, incident(traffic.LIST, INDEX)) == 12.0
    second = incident(traffic.PAY, cause(1, "slower", "users"), cause(2, "lock-wait", "orders", 7.0))
    assert verdict.predicted_ms(HELD, second) == 7.0
    assert verdict.predicted_ms(SLOW, second) is None
    assert verdict.Saving(10.2, 5.0, 4.5).holds  # half as much or twice as much would not
    assert not verdict.Saving(10.2, 5.0, 6.0).holds and not verdict.Saving(6.0, 5.0, 4.5).holds
    assert verdict.Saving(12.0, 14.0, 0.5).holds and not verdict.Saving(12.0, 30.0, 2.0).holds
