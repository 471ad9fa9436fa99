#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the corpus again: runs each application against a PostgreSQL of its own and keeps what the
server was asked, as it was asked.

make.py [NAME...]   writes NAME.sql (statements, `;` on a line of its own behind each) and
NAME.schema.sql beside this file.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))

from test.corpus import statements  # noqa: E402
from test.harness import postgres  # noqa: E402

APPLICATIONS = {
    "laravel": ["php", "app_laravel.php"],
    "django": ["/usr/bin/python3", "app_django.py"],
    "rails": ["/usr/bin/ruby", "app_rails.rb"],
}
LOGGING = """
logging_collector = on
log_destination = jsonlog
log_directory = '.'
log_filename = 'all'
log_min_duration_statement = 0
log_file_mode = 0644
"""
BEGINS = "select 'corpus begins'"


def logged(folder):
    """The statements of the log, behind the mark."""
    with open(os.path.join(folder, "postgres", "data", "all.json"), encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            text = entry.get("statement") if entry["error_severity"] == "ERROR" else None
            message = entry.get("message", "")
            if entry.get("dbname") != "corpus":
                continue
            if message.startswith("duration: ") and " ms  " in message:
                what, _, text = message.split(" ms  ", 1)[1].partition(": ")
                if what.startswith(("parse ", "bind ")):
                    continue
            if text:
                yield text


def make(name, folder):
    os.chmod(folder, 0o755)
    with postgres.Postgres(folder, LOGGING) as server:
        server.sql("CREATE DATABASE corpus")
        command = APPLICATIONS[name]
        subprocess.run([command[0], os.path.join(HERE, command[1]), "127.0.0.1", str(server.port),
                        "corpus"], check=True)
        schema = subprocess.run([f"{postgres.BIN}/pg_dump", "-s", "--no-owner", "--no-comments",
                                 "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres",
                                 "corpus"], check=True, capture_output=True, text=True).stdout
    texts = list(logged(folder))
    begin = texts.index(BEGINS) + 1
    end = next((i for i, t in enumerate(texts) if i > begin and "pg_catalog.set_config" in t
                and "search_path" in t), len(texts))
    kept = list(dict.fromkeys(texts[begin:end]))
    # PHP's driver numbers its statements: a few of these stand for all.
    numbered = [text for text in kept if text.startswith("DEALLOCATE ")]
    kept = [text for text in kept if text not in set(numbered[20:])]
    statements.write(os.path.join(HERE, f"{name}.sql"), kept)
    with open(os.path.join(HERE, f"{name}.schema.sql"), "w", encoding="utf-8") as out:
        out.write("".join(line + "\n" for line in schema.splitlines()
                          if line and not line.startswith(("--", "\\"))))
    print(f"{name}: {end - begin} statements, {len(kept)} different, "
          f"{sum(len(t.encode()) for t in kept)} bytes")


def main():
    for name in sys.argv[1:] or APPLICATIONS:
        with tempfile.TemporaryDirectory(prefix="slowburn-corpus-") as folder:
            make(name, folder)


if __name__ == "__main__":
    main()
