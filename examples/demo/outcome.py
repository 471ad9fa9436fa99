# SPDX-License-Identifier: Apache-2.0
"""Reading an incident, and leaving it behind as files."""

import json
import os
import shutil

FAULTS = (("missing-index", "items"), ("repeated-query", "items"), ("cacheable", "settings"))
FIXES = {"create-index": "index", "eager-load": "eager loading", "cache": "settings cache"}


def action(incident, kind):
    """The action of this kind, or None."""
    return next((a for a in incident["actions"] if a["kind"] == kind), None)


def together(incident, ids):
    """What these actions remove together, where the incident says so; {} is nothing."""
    if not ids:
        return 0.0
    if len(ids) == 1:
        return next(a["saving_alone_ms"] for a in incident["actions"] if a["id"] == ids[0])
    for row in incident.get("together", []):
        if sorted(row["actions"]) == sorted(ids):
            return row["saving_ms"]
    fixes = [a["id"] for a in incident["actions"] if a["kind"] in FIXES]
    return incident["saving_together_ms"] if sorted(fixes) == sorted(ids) else None


def judge_incident(checks, incident):
    """The causes, their evidence and order, and that the sum adds up."""
    causes = sorted(incident["causes"], key=lambda c: c["rank"])
    found = [(c["kind"], c["tables"][0] if c["tables"] else "?") for c in causes]
    checks.add("causes are exactly the three that were planted", sorted(found) == sorted(FAULTS),
               ", ".join(f"{kind} on {table}" for kind, table in found))
    proved = {c["kind"] for c in causes if c["evidence"] == "proved"}
    checks.add("missing index and repeated query are proved",
               {"missing-index", "repeated-query"} <= proved, ", ".join(sorted(proved)) or "none")
    change, rest = incident["measured_change_ms"], incident["unexplained_ms"]
    checks.add("unexplained is at most 15 % of the change", abs(rest) <= 0.15 * abs(change),
               f"{rest:+.1f} of {change:+.1f} ms")


class Results:
    """The folder that a run leaves behind, emptied first."""

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        self.logs = os.path.join(folder, "logs")
        os.makedirs(self.logs)

    def text(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def json(self, name, value):
        self.text(name, json.dumps(value, indent=2) + "\n")
