# SPDX-License-Identifier: Apache-2.0
"""What a section found, as Markdown for people and as JSON for programs."""
import json
import os
import subprocess
import time


class Section:
    """One part of the report: sentences, tables, goals, and the raw figures behind them."""

    def __init__(self, title):
        self.title = title
        self.parts = []
        self.goals = []
        self.figures = {}

    def say(self, text):
        self.parts.append(text)

    def table(self, head, rows):
        self.parts.append(markdown_table(head, rows))

    def markdown(self):
        parts = [f"### {self.title}", *self.parts]
        if self.goals:
            parts.append(markdown_table(["", "goal", "measured", "95 % interval", "verdict"],
                                        [goal.cells() for goal in self.goals]))
        return "\n\n".join(parts) + "\n"


def markdown_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def _first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.split("\n", 1)[0].strip()


def _processor_ticks():
    """(busy, all) since the machine started."""
    with open("/proc/stat", encoding="ascii") as lines:
        ticks = [int(word) for word in next(lines).split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def busy_share(seconds=2):
    """How much of the machine others use, before anything is measured."""
    busy, total = _processor_ticks()
    time.sleep(seconds)
    busy_after, total_after = _processor_ticks()
    return (busy_after - busy) / max(1, total_after - total)


def machine():
    cpu = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    return {"date": time.strftime("%Y-%m-%d"), "processors": len(os.sched_getaffinity(0)),
            "cpu": cpu, "busy_before": round(busy_share(), 2), "kernel": os.uname().release,
            "pgbouncer": _first_line("/usr/sbin/pgbouncer", "--version"),
            "pgbench": _first_line("pgbench", "--version")}


def heading(facts):
    return (f"{facts['date']}, {facts['processors']} cores of {facts['cpu']}, Linux "
            f"{facts['kernel']}, {facts['pgbouncer']}, {facts['pgbench']}. Client, server and proxy "
            f"share these cores, of which others used {facts['busy_before']:.0%} when this began. "
            f"Ratios are medians over alternating pairs; a goal holds when the "
            f"interval reaches it.\n")


def write_json(path, facts, sections, seconds):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    document = {"machine": facts, "seconds": round(seconds),
                "sections": {name: {"title": section.title,
                                    "goals": [goal.document() for goal in section.goals],
                                    "figures": section.figures}
                             for name, section in sections.items()}}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(document, out, indent=1)
        out.write("\n")
