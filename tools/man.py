#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fills a manual page's template from the tables in src/model, so that neither can lag behind.

usage: man.py TEMPLATE MODEL_DIR OUTPUT
"""
import os
import re
import sys

SECTIONS = {"slowburn": "Of the daemon", "limits": "Limits"}


def entries(folder, table, macro):
    """The arguments of every MACRO(...) line of a table, strings without their quotes."""
    with open(os.path.join(folder, table), encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    for call in re.findall(rf"^{macro}\((.*?)\)$", text, re.DOTALL | re.MULTILINE):
        yield [part.strip().strip('"').replace('\\"', '"')
               for part in re.findall(r'\s*("(?:[^"\\]|\\.)*"|[^,]+)', call)]


def escaped(text):
    text = text.replace("\\", "\\e")
    return "\\&" + text if text.startswith((".", "'")) else text


def listed(rows):
    lines = [".Bl -tag -width Ds"]
    for name, text in rows:
        lines += [f".It Ic {name}", escaped(text[0].upper() + text[1:]) + "."]
    return "\n".join(lines + [".El"])


def settings(folder):
    by_section = {}
    for name, section, kind, initial, low, high, reload, doc in entries(
            folder, "setting.tbl", "SETTING"):
        facts = [f"default {initial}" if initial else "no default"]
        if kind == "NUMBER":
            facts.append(f"from {low} to {high}")
        facts.append("taken over by SIGHUP" if reload == "1" else "needs a restart")
        by_section.setdefault(section, []).append((name, f"{doc} ({', '.join(facts)})"))
    return "\n".join(f".Ss {SECTIONS.get(section, section)}\nIn the section\n.Bq {section} :\n"
                     + listed(rows) for section, rows in by_section.items())


def listener_settings(folder):
    rows = []
    for name, where, words, initial, doc in entries(
            folder, "listener_setting.tbl", "LISTENER_SETTING"):
        facts = [] if where == "BOTH" else [{"POSTGRES": "PostgreSQL", "HTTP": "HTTP"}[where] + " only"]
        facts += [words.replace("|", ", ")] if words else []
        facts += [f"default {initial}"] if initial else []
        rows.append((name, doc + (f" ({'; '.join(facts)})" if facts else "")))
    return listed(rows)


def webhook_settings(folder):
    rows = []
    for name, words, initial, doc in entries(folder, "webhook_setting.tbl", "WEBHOOK_SETTING"):
        facts = [words.replace("|", ", ")] if words else []
        facts += [f"default {initial}"] if initial else []
        rows.append((name, doc + (f" ({'; '.join(facts)})" if facts else "")))
    return listed(rows)


def objective_settings(folder):
    return listed((name, doc + (f" (default {initial})" if initial else "")) for name, initial, doc
                  in entries(folder, "objective_setting.tbl", "OBJECTIVE_SETTING"))


def main():
    template, folder, output = sys.argv[1:4]
    with open(template, encoding="utf-8") as file:
        page = file.read()
    makers = {
        "SETTINGS": lambda: settings(folder),
        "LISTENER_SETTINGS": lambda: listener_settings(folder),
        "WEBHOOK_SETTINGS": lambda: webhook_settings(folder),
        "OBJECTIVE_SETTINGS": lambda: objective_settings(folder),
        "EVENTS": lambda: listed((e[0], e[3]) for e in entries(folder, "event.tbl", "EVENT")),
        "COUNTERS": lambda: listed(entries(folder, "counter.tbl", "COUNTER")),
        "FINDINGS": lambda: listed((e[1], e[2])
                                   for e in entries(folder, "finding.tbl", "FINDING")),
    }
    for name, make in makers.items():
        if f"@{name}@" in page:
            page = page.replace(f"@{name}@", make())
    with open(output, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
