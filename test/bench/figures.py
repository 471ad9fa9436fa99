# SPDX-License-Identifier: Apache-2.0
"""Medians, their intervals, and whether a goal is reached."""
import math
import statistics


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else math.nan


def interval(values, level=0.95):
    """Two of the values between which the median lies with at least that probability.

    From the binomial distribution of how many values are below the median: nothing is assumed
    about how they are spread. With 7 values it is the smallest and the largest (98 %), with 9 the
    second and the last but one (96 %). Below 6 there is none at 95 %; then it is the whole range."""
    ordered = sorted(values)
    count = len(ordered)
    best = 0
    for skip in range(1, count // 2):
        outside = 2 * sum(math.comb(count, below) for below in range(skip + 1)) / 2 ** count
        if 1 - outside < level:
            break
        best = skip
    return ordered[best], ordered[count - 1 - best]


class Goal:
    """What was wanted and what is. values: one a pair; at_most or at_least: the limit.

    It holds when the interval of the median reaches the limit."""

    def __init__(self, what, values, at_most=None, at_least=None, unit="×", counts=True):
        self.what, self.unit, self.counts = what, unit, counts
        self.limit = at_most if at_most is not None else at_least
        self.is_upper = at_most is not None
        self.median = statistics.median(values)
        self.low, self.high = interval(values)
        self.pairs = len(values)

    @property
    def holds(self):
        return self.counts and (self.low <= self.limit if self.is_upper
                                else self.high >= self.limit)

    def _figure(self, value):
        if self.unit == "×":
            return f"{value:.2f} ×"
        return f"{value:,.{0 if abs(value) >= 100 else 2}f} {self.unit}".strip()

    def cells(self):
        verdict = "holds" if self.holds else "missed" if self.counts else "does not count"
        between = "" if self.pairs == 1 else f"{self._figure(self.low)} to {self._figure(self.high)}"
        return [self.what, ("≤ " if self.is_upper else "≥ ") + self._figure(self.limit),
                self._figure(self.median), between, verdict]

    def document(self):
        return {"what": self.what, "goal": self.limit, "at_most": self.is_upper, "unit": self.unit,
                "median": self.median, "low": self.low, "high": self.high, "pairs": self.pairs,
                "counts": self.counts, "holds": self.holds}
