# SPDX-License-Identifier: Apache-2.0
"""What slowburn says of each query against what the application says."""
import bisect
import collections
import json

BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
STATED = 0.8
SLACK_US = 20_000  # of one clock against the other; whose most of it is decides
NEAR = 256  # queries of one process that may begin within that


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


class Truth:
    """The application's log: whose a query was, by the server's process and its time."""

    def __init__(self, path, since_us, wall_offset_us):
        self.requests = {row["trace"]: row for row in lines(path)}
        self.counted = {trace: row for trace, row in self.requests.items()
                        if row["queries"] and row["queries"][0][1] >= since_us}
        self._by_process = collections.defaultdict(list)
        self._names = collections.defaultdict(collections.Counter)  # of each fingerprint
        for trace, row in self.requests.items():
            for process, start, end, _, name in row["queries"]:
                self._by_process[process].append(
                    (start + wall_offset_us, end + wall_offset_us, trace, name))
        for intervals in self._by_process.values():
            intervals.sort()

    def queries(self):
        return sum(query[3] for row in self.counted.values() for query in row["queries"])

    def learn_names(self, logged):
        """What the application calls each fingerprint: so that two that follow one another on a
        connection are told apart where the clocks are not quite one."""
        for line in logged:
            for query in line["executions"]:
                found = self._find(query, lambda name: True)
                if found is not None:
                    self._names[query["fingerprint"]][found[3]] += 1

    def owner(self, query):
        """The trace that one of the log's executions is of; None: there is none."""
        names = self._names[query["fingerprint"]]
        often = sum(names.values()) / 10
        found = self._find(query, lambda name: names[name] >= often)
        return None if found is None else found[2]

    def _find(self, query, may_be):
        start_us, end_us = query["start_us"], query["start_us"] + 1000 * query["duration_ms"]
        intervals = self._by_process.get(query["server_pid"], [])
        at = bisect.bisect(intervals, (start_us + SLACK_US, 0, "", ""))
        best = (-SLACK_US, None)
        for one in intervals[max(0, at - NEAR):at]:
            shared = min(one[1], end_us) - max(one[0], start_us)
            if one[0] - SLACK_US <= start_us and end_us <= one[1] + SLACK_US and \
                    shared >= best[0] and may_be(one[3]):
                best = (shared, one)
        return best[1]


def score(truth, logged, before, after):
    """truth: of the application; logged: slowburn's request log; before and after: its document
    "requests" when counting began, and at the end."""
    truth.learn_names(logged)
    result = {"requests": len(truth.counted), "queries": truth.queries(), "right": 0, "wrong": 0,
              "unknown": 0, "stated": 0, "stated_right": 0, "seen": 0}
    bins = [{"from": low, "queries": 0, "right": 0, "stated_sum": 0.0} for low in BINS[:-1]]
    basis = collections.Counter()
    routes = collections.defaultdict(collections.Counter)
    for line in logged:
        row = truth.counted.get(line["trace_id"])
        if row is None:
            continue
        result["seen"] += 1
        routes[row["route"]][line["route"]] += 1
        for query in line["executions"]:
            owner = truth.owner(query)
            if owner is None:  # the driver's own: what it asks when it connects
                result["unknown"] += 1
                continue
            right = owner == line["trace_id"]
            result["right" if right else "wrong"] += 1
            basis[query["basis"]] += 1
            one = bins[bisect.bisect(BINS, query["probability"], hi=len(bins)) - 1]
            one["queries"] += 1
            one["right"] += right
            one["stated_sum"] += query["probability"]
            if query["probability"] >= STATED:
                result["stated"] += 1
                result["stated_right"] += right
    result["abstained"] = result["queries"] - result["right"] - result["wrong"]
    result["bins"] = [one for one in bins if one["queries"]]
    result["basis"] = dict(basis)
    result["routes"] = per_route(truth, routes, before, after)
    return result


def per_route(truth, routes, before, after):
    """Queries per request of each route: as the application counts them, and as slowburn does."""
    counts = collections.defaultdict(lambda: [0, 0])
    for row in truth.counted.values():
        counts[row["route"]][0] += 1
        counts[row["route"]][1] += sum(query[3] for query in row["queries"])
    sums = [{row["route"]: (row["requests"], row["requests"] * row["queries_per_request"])
             for row in shown} for shown in (before, after)]
    result = []
    for route, (requests, queries) in sorted(counts.items()):
        name = routes[route].most_common(1)[0][0] if routes[route] else None
        since, until = (shown.get(name, (0, 0)) for shown in sums)
        mean = queries / requests
        told = (until[1] - since[1]) / (until[0] - since[0]) if until[0] > since[0] else None
        result.append({"route": route, "shown_as": name, "requests": requests, "queries": mean,
                       "told": told, "off": None if told is None else told / mean - 1})
    return result
