# SPDX-License-Identifier: Apache-2.0
"""All verdicts as one page of Markdown, and whether the goals are met."""

HEAD = ("| planted | opened after | subject | causes found | exact | first | deploy |"
        " saving, ms: predicted / measured |\n|---|---|---|---|---|---|---|---|")


def mark(right):
    return "yes" if right else "**no**"


def _name(verdict):
    again = f", played {verdict.again + 1} times" if verdict.again else ""
    return verdict.name + (f" (machine busy: {verdict.stretch:.1f}x{again})" if verdict.busy else
                           f" ({again[2:]})" if again else "")


def _saving(verdict):
    if verdict.saving is None:
        return "**none predicted**" if verdict.due_saving else "–"
    return f"{verdict.saving}" + ("" if verdict.saving.holds else " **no**")


def row(verdict):
    opened = "**never**" if verdict.opened_s is None else f"{verdict.opened_s:.0f} s"
    found = ", ".join(verdict.found) or "none"
    if verdict.incidents > 1:
        found += f" ({verdict.incidents} incidents)"
    deploy = verdict.deploy_text + ("" if verdict.deploy else " **no**")
    return (f"| {_name(verdict)} | {opened} | {mark(verdict.subject)} | {found} |"
            f" {mark(verdict.exact)} | {mark(verdict.first)} | {deploy} | {_saving(verdict)} |")


def control_row(verdict):
    said = "; ".join(verdict.found) or "nothing"
    return f"| {_name(verdict)} | {said} | {mark(verdict.exact)} |"


def goals(faults, controls):
    """[(what, how many, of how many, share wanted)]"""
    savings = [v for v in faults if v.due_saving]
    rows = [("incident opened", sum(v.opened_s is not None for v in faults), len(faults), 1.0),
            ("right subject", sum(v.subject for v in faults), len(faults), 0.95),
            ("exact set of causes", sum(v.exact for v in faults), len(faults), 0.80),
            ("first cause right", sum(v.first for v in faults), len(faults), 0.98),
            ("deploy named, or rightly none", sum(v.deploy for v in faults), len(faults), 0.95),
            ("saving within 20 % or 3 ms",
             sum(v.saving is not None and v.saving.holds for v in savings), len(savings), 1.0),
            ("controls quiet", sum(v.exact for v in controls), len(controls), 1.0)]
    return [r for r in rows if r[2] > 0]


def are_met(faults, controls):
    return all(count >= share * of for _, count, of, share in goals(faults, controls))


def page(seed, faults, controls):
    lines = [f"Recipes, seed {seed}", "", HEAD, *map(row, faults)]
    if controls:
        lines += ["", "| control of | incidents | quiet |", "|---|---|---|",
                  *map(control_row, controls)]
    lines += ["", "| goal | | |", "|---|---|---|"]
    for what, count, of, share in goals(faults, controls):
        lines.append(f"| {what} | {count} of {of} | "
                     f"{'' if count >= share * of else '**not met**: '}{share:.0%} wanted |")
    minutes = sum(v.seconds for v in (*faults, *controls)) / 60
    lines += ["", f"{minutes:.0f} minutes"]
    return "\n".join(lines)


def document(seed, faults, controls):
    return {"seed": seed, "faults": [v.document() for v in faults],
            "controls": [v.document() for v in controls],
            "goals": [{"goal": what, "count": count, "of": of, "wanted": share}
                      for what, count, of, share in goals(faults, controls)]}
