# SPDX-License-Identifier: Apache-2.0
"""Reads the generator's results back: per route, how many, how fast, what failed."""

import json
from typing import NamedTuple


class Result(NamedTuple):
    at: float
    route: str
    ms: float
    status: object
    late_ms: float

    @property
    def ok(self):
        return isinstance(self.status, int) and 200 <= self.status < 300


class Figures(NamedTuple):
    requests: int
    failed: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    statuses: dict


class Results:
    """A results file that may still be growing; each call reads what is new."""

    def __init__(self, path):
        self._path = path
        self._offset = 0
        self.all = []

    def refresh(self):
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole = data[:data.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.all.extend(Result(**json.loads(line)) for line in whole.splitlines())
        return self.all

    def between(self, begin, end, route=None):
        """Requests whose intended start lies in [begin, end), of one route or of all."""
        return [r for r in self.refresh()
                if begin <= r.at < end and (route is None or r.route == route)]


def percentile(ordered, share):
    """Nearest rank; `ordered` must be sorted and not empty."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figures(results):
    """Latency is that of the replies that came; failures are counted, never averaged in."""
    times = sorted(r.ms for r in results if isinstance(r.status, int))
    statuses = {}
    for result in results:
        statuses[result.status] = statuses.get(result.status, 0) + 1
    failed = sum(not r.ok for r in results)
    if not times:
        return Figures(len(results), failed, 0.0, 0.0, 0.0, statuses)
    return Figures(len(results), failed, sum(times) / len(times), percentile(times, 0.5),
                   percentile(times, 0.95), statuses)


def table(results):
    """Lines of text: one per route, then all."""
    routes = sorted({r.route for r in results})
    lines = [f"{'route':28} {'requests':>8} {'failed':>7} {'mean ms':>9} {'p50 ms':>9} {'p95 ms':>9}"]
    for name in routes + ["all"]:
        f = figures([r for r in results if name in (r.route, "all")])
        lines.append(f"{name:28} {f.requests:8} {f.failed:7} {f.mean_ms:9.1f} {f.p50_ms:9.1f}"
                     f" {f.p95_ms:9.1f}")
    return lines
