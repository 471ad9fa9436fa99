# SPDX-License-Identifier: Apache-2.0
"""A recipe: one fault, how it comes and goes, and what has to be said of it."""
from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass(frozen=True)
class Cause:
    """A cause of an incident, as far as it has to be right; None: no matter which."""
    kind: str
    table: Optional[str] = None
    detail: Optional[str] = None  # is somewhere in it

    def matches(self, cause):
        tables = cause["tables"] or [None]
        return (cause["kind"] == self.kind and self.table in (None, tables[0])
                and (self.detail is None or self.detail in cause["detail"]))

    def __str__(self):
        return " ".join([self.kind, *(["on " + self.table] if self.table else []),
                         *([f"({self.detail})"] if self.detail else [])])


def nothing(_world):
    """What takes no effort."""


@dataclass(frozen=True)
class Recipe:
    """plant, control and remove are called with the world (world.py). The control happens at the same
    moment under the same traffic and harms nobody; remove is the fix that a person would apply.

    plants_by_deploy: the fault comes with a deploy, which the incident has to name; otherwise it has
    to name none."""
    name: str
    what: str
    plant: Callable
    control: Callable
    remove: Callable
    causes: tuple = ()      # none: slowburn has to say that no statement is to blame
    subjects: tuple = ()    # routes, of which the incident is about one; (): whatever it is about
    plants_by_deploy: bool = False
    base: tuple = ()        # patches of the shop before the fault, besides the usual ones
    prepare: Callable = nothing
    shares: dict = field(default_factory=dict)  # of the traffic, per cent, where not the usual
    limit_s: float = 90.0   # so long the incident may take to be whole
    # By whose clock the fix is measured: the clients' of the subject, or the time of the statements
    # that contain this text, which is what a cache promises to take away. None: nothing is promised.
    saved: Optional[str] = "clients"
    stretches: int = 1      # of half a minute: so long what statements take is measured
    not_with: tuple = ()    # recipes that it cannot be told from in a pair
