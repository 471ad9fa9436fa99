#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make fingerprints: which statements are one statement, by our fingerprint and by others'.

1. Over the DML of PostgreSQL's regression suite: of all pairs that we join, how many libpg_query's
   fingerprint separates.
2. Over the statements of real applications (*.sql beside this file, with their schema): our groups
   beside those of pg_stat_statements' queryid on a real server. For each statement the two sets that
   it is grouped with are compared (intersection over union); this is averaged over the statements of
   a group of the server's, then over its groups, so that no large group hides a small one.

agree.py PRINTS [--regress FOLDER] [--explain]

The exceptions are those of doc/internals/fingerprint.md; each is counted beside what it excuses.
"""
import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from test.corpus import statements  # noqa: E402
from test.harness import postgres  # noqa: E402

DML = ("select", "insert", "update", "delete", "with", "values", "merge", "table", "(")
TOKEN = re.compile(r"""
    --[^\n]* | /\*.*?\*/ | [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
    | \$(?:[A-Za-z_]\w*)?\$ | [();] | [A-Za-z_]\w* | .""", re.VERBOSE | re.DOTALL)


def split(text):
    """The statements of a psql script, without its commands."""
    text = re.sub(r"^\\[^\n]*$", "", text, flags=re.MULTILINE)
    begin, at, depth = 0, 0, 0
    while at < len(text):
        token = TOKEN.match(text, at)
        at = token.end()
        word = token.group()
        if word.startswith("$"):
            end = text.find(word, at)
            at = len(text) if end < 0 else end + len(word)
        elif word in "()":
            depth = max(0, depth + (1 if word == "(" else -1))
        elif word == ";" and depth == 0:
            yield text[begin:at - 1].strip()
            begin = at


def prints(program, texts):
    """[(ours, statements, theirs or None, normalized)]"""
    done = subprocess.run([program], input="".join(t + "\0" for t in texts).encode(),
                          capture_output=True, check=True).stdout.decode(errors="replace")
    rows = [line.split(" ", 3) for line in done.splitlines()]
    if len(rows) != len(texts):
        raise RuntimeError(f"{len(rows)} answers for {len(texts)} statements")
    return [(ours, int(count), None if theirs == "-" else theirs, text)
            for ours, count, theirs, text in rows]


def pairs(count):
    return count * (count - 1) // 2


def bare(text):
    """A script's statement without the comments before it."""
    return re.sub(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", "", text, flags=re.DOTALL)


def regression(program, folder, explain):
    texts = []
    for path in sorted(glob.glob(os.path.join(folder, "*.sql"))):
        with open(path, encoding="utf-8", errors="replace") as script:
            texts += [t for t in map(bare, split(script.read())) if t.lower().startswith(DML)]
    texts = list(dict.fromkeys(t for t in texts if "\0" not in t))
    groups = collections.defaultdict(collections.Counter)
    shapes = {}
    examples = collections.defaultdict(dict)
    parsed = 0
    for text, (ours, count, theirs, normal) in zip(texts, prints(program, texts)):
        if theirs is not None and count == 1:
            parsed += 1
            groups[ours][theirs] += 1
            shapes[ours] = normal
            examples[ours].setdefault(theirs, text)
    joined = sum(pairs(sum(group.values())) for group in groups.values())
    together = sum(pairs(n) for group in groups.values() for n in group.values())
    apart = joined - together
    share = apart / joined if joined else 1.0
    print(f"regression suite: {parsed} statements, {joined} pairs that we join, "
          f"{apart} of them apart by libpg_query: {share:.4%}")
    if explain:
        worst = sorted((g for g in groups if len(groups[g]) > 1),
                       key=lambda g: -sum(groups[g].values()))
        for ours in worst[:40]:
            print(f"  {dict(groups[ours])} {shapes[ours][:110]}")
            for text in list(examples[ours].values())[:3]:
                print(f"      {' '.join(text.split())[:150]}")
    return share


def queryids(server, name, texts):
    """The server's queryid of each statement that is one it plans."""
    database = f"c_{name}"
    server.sql(f"CREATE DATABASE {database}")
    with open(os.path.join(HERE, f"{name}.schema.sql"), encoding="utf-8") as schema:
        server.sql(schema.read(), database)
    ids = {}
    connection = psycopg2.connect(server.dsn(database))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = public, pg_catalog")
        for text in texts:
            if not bare(text).lower().startswith(DML):
                continue
            markers = max((int(n) for n in re.findall(r"\$(\d+)", re.sub(r"'[^']*'|/\*.*?\*/", "", text))),
                          default=0)
            nulls = f"({', '.join(['NULL'] * markers)})" if markers else ""
            try:
                cursor.execute("PREPARE p AS " + text)
            except psycopg2.Error:
                continue
            cursor.execute("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE p" + nulls)
            plan = cursor.fetchone()[0]
            plan = plan if isinstance(plan, list) else json.loads(plan)
            ids[text] = plan[0]["Query Identifier"]
            cursor.execute("DEALLOCATE p")
    connection.close()
    return ids


def agreement(ours, theirs):
    """Both: {statement: group}. The mean over their groups of their statements' agreement."""
    sets = [collections.defaultdict(set), collections.defaultdict(set)]
    for index, groups in enumerate((ours, theirs)):
        for text, group in groups.items():
            sets[index][group].add(text)
    of_group = {}
    for group, members in sets[1].items():
        score = [len(sets[0][ours[t]] & members) / len(sets[0][ours[t]] | members)
                 for t in members]
        of_group[group] = sum(score) / len(score)
    shared = [g for g in of_group
              if len(sets[1][g]) > 1 or any(len(sets[0][ours[t]]) > 1 for t in sets[1][g])]
    return of_group, shared


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 1.0


# What the documentation excuses: the server's view of a statement after both are written alike.
VALUE = r"(?:\$\d+|[eE]?'(?:[^']|'')*'|-?\d[\d.]*|true|false|null)"
LIST = re.compile(rf"(\bin\s*|\bARRAY)([(\[])\s*{VALUE}(?:\s*,\s*{VALUE})*\s*([)\]])", re.IGNORECASE)
ROWS = re.compile(r"(\bvalues\s*\((?:[^()']|'(?:[^']|'')*'|\([^()]*\))*\))"
                  r"(?:\s*,\s*\((?:[^()']|'(?:[^']|'')*'|\([^()]*\))*\))+", re.IGNORECASE)


LITERAL = re.compile(r"""
    (?P<keep>"(?:[^"]|"")*" | /\*.*?\*/ | \b(?:is|not|set)\s+(?:null|true|false)\b
       | (?!(?:null|true|false)\b|[eE]')[A-Za-z_][\w$]*)
    | (?P<value>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | \$\d+ | (?:(?<=[(,=<>])|(?<=[(,=<>]\ ))-\d[\d.]*
      | \d[\d.]* | \b(?:null|true|false)\b)""", re.VERBOSE | re.IGNORECASE)


def folded(text):
    """Lists of any length have two elements (of one the server makes `=`); VALUES has one row."""
    def two(match):
        value = re.search(VALUE, match[0][len(match[1]):], re.IGNORECASE)[0]
        return f"{match[1]}{match[2]}{value}, {value}{match[3]}"
    return ROWS.sub(r"\1", LIST.sub(two, text))


def bound(text):
    """Every literal is a bind marker, so that neither its own type nor its being one counts."""
    numbers = iter(range(1, 100000))
    return LITERAL.sub(lambda m: m[0] if m["keep"] else f"${next(numbers)}", text)


def applications(program, explain):
    worst = 1.0
    with tempfile.TemporaryDirectory(prefix="slowburn-fingerprints-") as folder:
        os.chmod(folder, 0o755)
        settings = "shared_preload_libraries = 'pg_stat_statements'\ncompute_query_id = on\n"
        with postgres.Postgres(folder, settings) as server:
            server.sql("CREATE EXTENSION pg_stat_statements")
            for name in ("laravel", "django", "rails"):
                texts = statements.read(os.path.join(HERE, f"{name}.sql"))
                lists = {t: folded(t) for t in texts}
                binds = {t: bound(lists[t]) for t in texts}
                ids = queryids(server, name,
                               dict.fromkeys([*texts, *lists.values(), *binds.values()]))
                # A few literals have to stay: `interval '1 day'`, what gives a marker no type.
                alike = {t: binds[t] if binds[t] in ids else lists[t] for t in texts}
                unknown = [t for t in texts
                           if bare(t).lower().startswith(DML) and (t not in ids or alike[t] not in ids)]
                texts = [t for t in texts if t in ids and alike[t] in ids]
                rows = prints(program, texts)
                ours = {t: row[0] for t, row in zip(texts, rows)}
                shapes = {t: row[3] for t, row in zip(texts, rows)}
                plain = {t: ids[t] for t in texts}
                after = {t: ids[alike[t]] for t in texts}
                raw, _ = agreement(ours, plain)
                scores, shared = agreement(ours, after)
                hard = mean(scores[g] for g in shared)
                print(f"{name}: {len(texts)} statements, {len(set(ours.values()))} fingerprints, "
                      f"{len(set(plain.values()))} queryids ({len(set(after.values()))} after the "
                      f"exceptions; {len(unknown)} left out): agreement {mean(raw.values()):.2%} as they are, "
                      f"{mean(scores.values()):.2%} after the exceptions, {hard:.2%} over the "
                      f"{len(shared)} groups of more than one statement")
                worst = min(worst, mean(scores.values()))
                if explain:
                    for group in sorted(scores, key=scores.get)[:25]:
                        if scores[group] < 1:
                            print(f"  {scores[group]:.2f}")
                            seen = {}
                            for text in (t for t in texts if after[t] == group):
                                seen.setdefault(ours[text], shapes[text])
                            for shape in list(seen.values())[:4]:
                                print(f"      {shape[:400]}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("prints")
    parser.add_argument("--regress", help="PostgreSQL's src/test/regress/sql")
    parser.add_argument("--explain", action="store_true", help="print where they differ")
    args = parser.parse_args()
    worst = applications(args.prints, args.explain)
    failed = worst < 0.99
    if args.regress:
        failed |= regression(args.prints, args.regress, args.explain) > 0.001
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
