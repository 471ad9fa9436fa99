# SPDX-License-Identifier: Apache-2.0
"""One recipe or a pair of them, in servers of their own, from the first request to the verdict."""
import collections
import json
import math
import os
import statistics
import time

from examples.load.traffic import SHARES
from test.recipes import verdict
from test.recipes.world import World

BASELINE_S = 45.0
SETTLE_S = 10.0    # once all is found: nothing wrong may follow
CONTROL_S = 60.0
# Once the fault is gone: until its last requests are over, and how long the shop is then measured.
GONE_S, FIXED_S = 4.0, 60.0
STRETCH_S = 30.0   # of what statements take
LAST_S = 2.0       # requests this young may be under way
MEASURED_S = 60.0  # of the fault; the incident speaks of the last minute


ATTEMPTS_MAX = 2


def steady(play):
    """play(attempt) answers a verdict. One that is wrong on a machine that was too busy to judge by
    is played again; the last one stands."""
    for attempt in range(ATTEMPTS_MAX):
        found = play(attempt)
        found.again = attempt
        if found.right or not found.busy:
            break
    return found


def half_interval(values):
    """Of the 95 % interval around their mean, by a spread that they tell themselves; 0 for one."""
    free = len(values) - 1
    student = 1.96 + 2.373 / free + 2.82 / free ** 2 if free > 0 else 0.0
    return student * statistics.stdev(values) / math.sqrt(len(values)) if free > 0 else 0.0


# Milliseconds of a request to a subject, half of the 95 % interval around that, and what a fix was
# promised to save by then; None: nothing.
Cost = collections.namedtuple("Cost", "ms error_ms promised_ms")


def _promised(world, recipe):
    incident = verdict.about(recipe, world.incidents())
    return verdict.predicted_ms(recipe, incident) if incident else None


class Trial:
    """play() answers a Verdict; folder: where logs and documents stay."""

    def __init__(self, recipes, seed, folder):
        self._recipes, self._seed, self._folder = recipes, seed, folder
        self._name = "+".join(recipe.name for recipe in recipes)
        os.makedirs(folder)

    def play(self, control=False):
        began = time.monotonic()
        with World(self._recipes, self._seed, self._folder) as world:
            world.wait(BASELINE_S)
            early = world.incidents()
            found = self._control(world) if control else self._fault(world)
            found.failed = sum(not isinstance(r.status, int) or r.status >= 500
                               for r in world.load.results.refresh())
            found.stretch = world.stretch(began)
        if early:
            found.notes.append(f"{len(early)} incidents before anything was planted")
            found.exact = False
        found.seconds = time.monotonic() - began
        return found

    def _keep(self, world, name):
        """The documents as they are now, for whoever asks why."""
        incidents = world.incidents()
        for what, value in ((name, incidents), (name + "-requests", world.env.slowburn.json("requests")),
                            (name + "-status", world.env.slowburn.json("status"))):
            with open(os.path.join(self._folder, what + ".json"), "w", encoding="utf-8") as file:
                json.dump(value, file, indent=1)
        return incidents

    def _control(self, world):
        """What opens is a false alarm, though it may not have lasted long enough to be announced; but
        for what is over again and was never told."""
        for recipe in self._recipes:
            recipe.control(world)
        world.release("harmless")
        world.wait(CONTROL_S)
        told = [i for i in self._keep(world, "incidents")
                if i["announced_at"] or i["state"] in ("open", "fixing")]
        return verdict.Verdict(
            name=" + ".join(recipe.name for recipe in self._recipes), planted=[],
            found=[f"{i['subject']}: " + (", ".join(verdict.in_words(c) for c in i["causes"]) or "–")
                   for i in told],
            opened_s=None, subject=not told, exact=not told, first=not told, deploy=True,
            deploy_text="", incidents=len(told))

    def _fault(self, world):
        planted, planted_wall = world.load.now(), time.time()
        for recipe in self._recipes:
            recipe.plant(world)
        deploy = "with-" + self._name
        deployed = world.release(deploy)
        self._watch(world)
        incidents = self._keep(world, "incidents")
        found = verdict.judge(self._recipes, incidents, planted_wall, deploy if deployed else None)
        self._fix(world, incidents, planted, found)
        return found

    def _watch(self, world):
        """Until all is found, and a little longer; or until the recipe's patience is over."""
        end = time.monotonic() + max(recipe.limit_s for recipe in self._recipes)
        while time.monotonic() < end:
            world.wait(1.0)
            if verdict.is_whole(self._recipes, world.incidents()):
                break
        world.wait(SETTLE_S)

    def _fix(self, world, incidents, planted, found):
        """Applies the fix of a recipe alone, and compares what was promised with what came of it."""
        recipe = self._recipes[0]
        incident = verdict.about(recipe, incidents)
        if len(self._recipes) > 1 or recipe.saved is None:
            return
        found.due_saving = True
        promised_ms = verdict.predicted_ms(recipe, incident) if incident else None
        if promised_ms is None:
            return
        cost = self._clients_cost if recipe.saved == "clients" else self._statements_cost
        subject = incident["subject"] if incident["subject"] in SHARES else recipe.subjects[0]
        before = cost(world, recipe, subject, planted + SETTLE_S)
        recipe.remove(world)
        world.release("without-" + self._name)
        world.wait(GONE_S)
        after = cost(world, recipe, subject, world.load.now())
        found.saving = verdict.Saving(before.promised_ms or promised_ms, before.ms - after.ms,
                                      math.hypot(before.error_ms, after.error_ms))
        self._keep(world, "incidents-after")

    @staticmethod
    def _clients_cost(world, recipe, subject, since):
        """By its clients, of the last minute of FIXED_S since then."""
        world.wait(max(0.0, since + FIXED_S - world.load.now()))
        end = world.load.now() - LAST_S
        figures, error = world.route(subject, max(since, end - MEASURED_S), end)
        return Cost(figures.mean_ms, error, _promised(world, recipe))

    @staticmethod
    def _statements_cost(world, recipe, subject, _since):
        """By what its statements took, from now on, as there is no record of what that was; sure where
        there are stretches to tell by. What is promised speaks of the last minute, and moves as that
        does: its mean."""
        costs, promises = [], []
        for _ in range(recipe.stretches):
            since, spent_ms = world.load.now(), world.statements_ms(recipe.saved)
            world.wait(STRETCH_S)
            spent_ms = world.statements_ms(recipe.saved) - spent_ms
            requests = len(world.load.results.between(since, world.load.now(), subject))
            costs.append(spent_ms / max(requests, 1))
            promised = _promised(world, recipe)
            promises += [promised] if promised is not None else []
        return Cost(statistics.fmean(costs), half_interval(costs),
                    statistics.fmean(promises) if promises else None)
