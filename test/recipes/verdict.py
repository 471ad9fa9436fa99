# SPDX-License-Identifier: Apache-2.0
"""What slowburn said, beside what was planted. No servers here: incidents are its documents."""
from dataclasses import asdict, dataclass, field
from typing import Optional

from examples.demo import waiting
from examples.demo.checks import within

STRETCH_MAX = 3.0  # work takes so many times as long as on a machine of its own


@dataclass
class Saving:
    """What the incident promised for the fix, and what the fix then took away."""
    predicted_ms: float
    measured_ms: float
    error_ms: float  # half of the 95 % interval around what was measured

    @property
    def holds(self):
        return within(self.predicted_ms, self.measured_ms, self.error_ms)

    def __str__(self):
        return f"{self.predicted_ms:.1f} / {self.measured_ms:.1f} ± {self.error_ms:.1f}"


@dataclass
class Verdict:
    name: str
    planted: list           # causes, in words
    found: list             # causes of all incidents, in words
    opened_s: Optional[float]  # after the planting; None: never
    subject: bool
    exact: bool
    first: bool
    deploy: bool            # the right one is named, or none, rightly
    deploy_text: str
    incidents: int
    saving: Optional[Saving] = None
    due_saving: bool = False
    stretch: float = 1.0    # how many times longer work took on this machine than by itself
    again: int = 0          # so many times it was played before, on a machine that was too busy
    failed: int = 0         # requests
    seconds: float = 0.0
    notes: list = field(default_factory=list)

    @property
    def right(self):
        return (self.subject and self.exact and self.first and self.deploy
                and (not self.due_saving or (self.saving is not None and self.saving.holds)))

    @property
    def busy(self):
        """On such a machine a verdict tells about the machine."""
        return self.stretch > STRETCH_MAX

    def document(self):
        return {**asdict(self), "saving_holds": self.saving.holds if self.saving else None}


def causes_of(incidents):
    return [cause for incident in incidents
            for cause in sorted(incident["causes"], key=lambda cause: cause["rank"])]


def in_words(cause):
    return f"{cause['kind']} on {cause['tables'][0]}" if cause["tables"] else cause["kind"]


def are_exact(expected, causes):
    """Each one that was planted is there, and each one that is there was planted."""
    return (all(any(e.matches(c) for c in causes) for e in expected)
            and all(any(e.matches(c) for e in expected) for c in causes))


def about(recipe, incidents):
    """The incident that is this recipe's: by its cause where there is one, else by its subject."""
    def concerns(incident):
        return any(e.matches(c) for e in recipe.causes for c in incident["causes"])
    found = [i for i in incidents if concerns(i)]
    found += [i for i in incidents if i["subject"] in recipe.subjects and i not in found]
    found += [i for i in incidents if not recipe.subjects and i not in found]
    return found[0] if found else None


def is_whole(recipes, incidents):
    """Nothing is missing any more, and nothing is too many."""
    expected = [cause for recipe in recipes for cause in recipe.causes]
    return all(about(r, incidents) for r in recipes) and are_exact(expected, causes_of(incidents))


def first_is_right(expected, incidents):
    """The first cause of every incident is one that was planted; none where none was."""
    firsts = [causes_of([incident])[0] for incident in incidents if incident["causes"]]
    right = all(any(e.matches(cause) for e in expected) for cause in firsts)
    return right and bool(firsts or not expected)


def deploy_is_right(recipe, incident, deploy):
    """deploy: the one that was just then, if any. A fault that only came at the same time cannot be
    told from one that it brought."""
    named = incident["deploy"]["name"] if incident and incident["deploy"] else None
    wanted = (deploy,) if recipe.plants_by_deploy else (None, deploy)
    return incident is not None and named in wanted, named


def judge(recipes, incidents, planted_wall, deploy):
    """Of a fault, alone or in a pair. incidents: newest first, as slowburn lists them."""
    expected = [cause for recipe in recipes for cause in recipe.causes]
    own = [about(recipe, incidents) for recipe in recipes]
    deploys = [deploy_is_right(r, i, deploy) for r, i in zip(recipes, own)]
    opened = [waiting.wall(i["opened_at"]) - planted_wall for i in own if i]
    return Verdict(
        name=" + ".join(recipe.name for recipe in recipes),
        planted=[str(cause) for cause in expected],
        found=[in_words(cause) for cause in causes_of(incidents)],
        # Of a pair: when the last of them was told.
        opened_s=max(opened) if len(opened) == len(recipes) else None,
        subject=all(i is not None and (not r.subjects or i["subject"] in r.subjects)
                    for r, i in zip(recipes, own)),
        exact=all(own) and are_exact(expected, causes_of(incidents)),
        first=all(own) and first_is_right(expected, incidents),
        deploy=all(right for right, _ in deploys),
        deploy_text=", ".join(dict.fromkeys(named or "none" for _, named in deploys)),
        incidents=len(incidents))


def predicted_ms(recipe, incident):
    """What the incident promises for this recipe's fix: its action's saving, or its cause's."""
    for cause in sorted(incident["causes"], key=lambda cause: cause["rank"]):
        if not any(e.matches(cause) for e in recipe.causes):
            continue
        for action in incident["actions"]:
            if action["cause"] == cause["rank"]:
                return action["saving_alone_ms"]
        return cause["saving_ms"]
    return None
