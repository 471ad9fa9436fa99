# SPDX-License-Identifier: Apache-2.0
"""--help, each verb's own --help and the manual name the same verbs and options."""
import os
import re
import subprocess

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def said(*words):
    done = subprocess.run([os.environ["SLOWBURN_BINARY"], *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (words, done)
    return done.stdout


def manual():
    with open(os.path.join(ROOT, "doc", "man", "slowburn.1"), encoding="utf-8") as file:
        return file.read()


def overview():
    """Each verb with its line, as --help has it."""
    table = said("--help").split("\n\n")[2]
    lines = [line[2:] for line in table.splitlines() if re.match(r"  \S", line)]
    return {line.split()[0]: line for line in lines}


def test_each_verbs_own_help_says_what_the_overview_says():
    listed = overview()
    assert len(listed) > 20
    for verb, line in listed.items():
        usage = said(verb, "--help").splitlines()[0]
        assert usage.startswith(f"Usage: slowburn {verb}")
        assert line.startswith(usage.removeprefix("Usage: slowburn ")), (line, usage)


def test_the_manual_has_every_verb_and_option():
    text = manual()
    settings = {name.replace("_", "-")
                for name in re.findall(r"^  (\w+) = ", said("check-config", "--settings"), re.M)}
    for verb in overview():
        assert re.search(rf"^\.Cm (?:.* )?{verb}\b", text, re.M), verb
        for option in re.findall(r"--([a-z][a-z-]+)", said(verb, "--help")):
            assert option in settings or re.search(rf"Fl -{option}\b", text), (verb, option)


def test_who_asks_no_daemon_has_no_options_for_it():
    for verb in ("check", "dev"):
        assert "--admin" not in said(verb, "--help")
        assert said(verb, "--help").count("xit status") == 1
