# SPDX-License-Identifier: Apache-2.0
"""What must be true of a run, collected as it goes and printed at its end."""

from . import say


class Checks:
    def __init__(self):
        self.rows = []

    def add(self, name, holds, figure):
        self.rows.append({"check": name, "holds": bool(holds), "figure": figure})

    def failed(self):
        return [row for row in self.rows if not row["holds"]]

    def print(self):
        lines = [f"  {'ok' if row['holds'] else 'NOT OK':6}  {row['check']:58}  {row['figure']}"
                 for row in self.rows]
        say.block("\n".join(["What must be true"] + lines))


def is_precise(predicted, measured, error, floor_ms=3.0):
    """Whether a measured saving can tell anything. error: half of the 95 % interval around it. It
    cannot when that is more than a third of it and more than half of what was promised: one twice
    as high would pass, too."""
    return error <= max(abs(measured) / 3, abs(predicted) / 2, floor_ms)


def within(predicted, measured, error=0.0, share=0.20, floor_ms=3.0):
    """The tolerance for a printed saving: within 20 % of the measured one, or 3 ms; never where
    that is not precise."""
    tolerance = max(share * abs(measured), floor_ms)
    precise = is_precise(predicted, measured, error, floor_ms)
    return precise and abs(predicted - measured) - error <= tolerance


def in_order(values, share=0.20):
    """Descending, ties within `share` either way."""
    return all(later <= earlier * (1.0 + share) for earlier, later in zip(values, values[1:]))
