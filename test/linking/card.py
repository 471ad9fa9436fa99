# SPDX-License-Identifier: Apache-2.0
"""The card of the linking trial: what is to hold, what does, and the tables."""
import time

from test.linking.score import STATED

RIGHT = {"tags": 0.999, "values": 0.97}
BY_TIME = 0.90  # with up to 5 requests at a time, where a connection serves one at a time
BY_TIME_AT, BY_TIME_APPS = 5, ("php", "python")
STATED_RIGHT = 0.95
PER_ROUTE = 0.05
UNKNOWN = 0.02
ROUTE_REQUESTS = 50  # of a route with fewer a mean says little


def name(result):
    return f"{result['app']}, {result['mode']}, {result['at']} at a time"


def share(part, whole):
    return part / whole if whole else 0.0


def worst_route(result):
    """The route whose queries per request are the furthest off; None: no route has enough."""
    rows = [row for row in result["routes"] if row["requests"] >= ROUTE_REQUESTS]
    return max(rows, key=lambda row: 9 if row["off"] is None else abs(row["off"]), default=None)


def line(result):
    return (f"{name(result):<28} {100 * share(result['right'], result['queries']):6.2f} % right, "
            f"{100 * share(result['wrong'], result['queries']):5.2f} % wrong of "
            f"{result['queries']} queries")


def judge(results):
    """The goals that were missed, in words."""
    missed = []
    for r in results:
        right = share(r["right"], r["queries"])
        wanted = RIGHT.get(r["mode"])
        if r["mode"] == "time" and r["at"] <= BY_TIME_AT and r["app"] in BY_TIME_APPS:
            wanted = BY_TIME
        if r["queries"] == 0 or r["seen"] < r["requests"] or r["failed"] > 0:
            missed.append(f"{name(r)}: {r['seen']} of {r['requests']} requests seen, "
                          f"{r['failed']} failed")
        if r["unknown"] > UNKNOWN * r["queries"]:
            missed.append(f"{name(r)}: {r['unknown']} of {r['queries']} queries that no application "
                          "knows of")
        if wanted is not None and right < wanted:
            missed.append(f"{name(r)}: {100 * right:.2f} % linked right, {100 * wanted:g} wanted")
        if r["stated"] > 0 and share(r["stated_right"], r["stated"]) < STATED_RIGHT:
            missed.append(f"{name(r)}: {100 * share(r['stated_right'], r['stated']):.2f} % of the links "
                          f"stated at {STATED} or more are right, {100 * STATED_RIGHT:g} wanted")
        route = worst_route(r)
        if route is None or route["off"] is None or abs(route["off"]) > PER_ROUTE:
            said = "no route with enough requests" if route is None else \
                f"{route['route']} {route['queries']:.2f} queries a request, shown as {route['told']}"
            missed.append(f"{name(r)}: {said}")
    return missed


def markdown(results, missed):
    text = [f"## Which request a query belongs to ({time.strftime('%Y-%m-%d')})", "",
            "| application | by | at a time | queries | right | wrong | abstained "
            f"| stated ≥ {STATED}: right | worst route's queries per request, off by |",
            "|---|---|---|---|---|---|---|---|---|"]
    for r in results:
        route = worst_route(r)
        off = "–" if route is None or route["off"] is None else f"{100 * route['off']:+.1f} %"
        stated = f"{100 * share(r['stated_right'], r['stated']):.2f} % of {r['stated']}" \
            if r["stated"] else "–"
        text.append(f"| {r['app']} | {r['mode']} | {r['at']} ({r['in_progress']:.1f}) | {r['queries']} | " + " | ".join(
            f"{100 * share(r[key], r['queries']):.2f} %" for key in ("right", "wrong", "abstained")) +
            f" | {stated} | {off} |")
    text += ["", "Stated probability against being right:", "",
             "| by | stated from | links | mean stated | right |", "|---|---|---|---|---|"]
    for mode in dict.fromkeys(r["mode"] for r in results):
        text += calibration(mode, [r for r in results if r["mode"] == mode])
    text += ["", "Goals: " + ("all hold." if not missed else "missed:")] + [f"- {m}" for m in missed]
    return "\n".join(text)


def calibration(mode, results):
    bins = {}
    for result in results:
        for one in result["bins"]:
            whole = bins.setdefault(one["from"], [0, 0, 0.0])
            whole[0] += one["queries"]
            whole[1] += one["right"]
            whole[2] += one["stated_sum"]
    return [f"| {mode} | {low:g} | {count} | {stated / count:.3f} | {right / count:.3f} |"
            for low, (count, right, stated) in sorted(bins.items())]
