# SPDX-License-Identifier: Apache-2.0
"""Ways that take turns, in another order each round, and what was measured of each."""
import statistics


class Rounds:
    """measure(way) returns {figure: value}. What is compared is compared within a round."""

    def __init__(self, ways, count, measure):
        self.rows = []
        for turn in range(count):
            first = turn % len(ways)
            self.rows.append({way.name: measure(way) for way in ways[first:] + ways[:first]})
        self.lost = {way.name: way.lost() for way in ways}

    def median(self, name, key):
        """None where this way has no such figure."""
        values = [row[name][key] for row in self.rows if key in row[name]]
        return statistics.median(values) if values else None

    def ratios(self, name, other, key):
        return [row[name][key] / row[other][key] for row in self.rows]

    def counts(self, name):
        return self.lost[name] is None

    def complaints(self, what):
        return [f"**{name}, {what}, does not count**: {lost}"
                for name, lost in self.lost.items() if lost is not None]

    def document(self):
        return {"rounds": self.rows, "lost": self.lost}
