# SPDX-License-Identifier: Apache-2.0
"""What people say of an incident: by verbs and by the admin API, and still there after a restart."""
import http.client
import json
import os
import re
import subprocess
import time

import pytest

from test.browser.filled import daemon_on, fill_shop

WORDS = "the import <b>runs</b> | since 14:02, see the wiki"


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


def start(folder):
    return daemon_on(os.environ["SLOWBURN_BINARY"], folder,
                     lambda path: fill_shop(path, time.time(), hours=1))


def again(running):
    """The same daemon on the same store, started anew."""
    running.__exit__()
    running.__enter__()
    running.wait_until_watching()


def incident(running):
    """Once the daemon answers: until then verbs read the store at rest."""
    running.wait_until_watching()
    found = running.wait_for_incident(60)
    assert found is not None
    return found


def eventually(running, ready):
    found = running.wait_for_incident(60, ready)
    assert ready(found), found
    return found


def fails(running, *words):
    done = subprocess.run([running.binary, *words, "--data", running.data], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0, words
    return done.stderr


def post(running, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", running.admin, timeout=60)
    connection.request("POST", path, body, headers)
    reply = connection.getresponse()
    answer = json.loads(reply.read())
    connection.close()
    return reply.status, answer


def test_by_verbs_and_over_a_restart(folder):
    with start(folder) as running:
        assert incident(running)["acknowledged_at"] is None
        assert "acknowledged" in running.verb("ack", "1")
        assert "done before (HTTP 409)" in fails(running, "ack", "1")
        running.verb("annotate", "1", WORDS)
        assert "muted for 2 h" in running.verb("mute", "1", "--for", "2h")
        running.verb("mute", "--route", "GET /api/me", "--for", "30d")
        running.verb("mute", "--fingerprint", "00000000000000AA", "--for", "90s")
        assert "Fingerprint 00000000000000aa is not muted" in running.verb(
            "unmute", "--fingerprint", "00000000000000aa")
        eventually(running, lambda i: i.get("muted_until") is not None)
        again(running)
        found = eventually(running, lambda i: i.get("muted_until") is not None)
        assert found["acknowledged_at"] is not None
        page = running.verb("incidents", "1")
        assert "Muted until " in page and WORDS in page, page
        assert re.search("^ *1  muted", running.verb("incidents"), re.M), running.verb("incidents")
        assert WORDS in running.verb("postmortem", "1")
        muted = running.document("mute")
        assert {(m["kind"], m["subject"]) for m in muted} == {("incident", "1"),
                                                              ("route", "GET /api/me")}
        assert "GET /api/me  until " in running.verb("mute")
        running.verb("unmute", "1")
        assert "no such incident, trace or mute" in fails(running, "unmute", "1")
        eventually(running, lambda i: i.get("muted_until") is None)
        assert "expected" in running.verb("expected", "1")
        assert "HTTP 409" in fails(running, "close", "1")
        again(running)
        found = eventually(running, lambda i: i["state"] == "closed")
        kinds = [entry["kind"] for entry in found["timeline"]]
        assert [kinds.count(kind) for kind in ("acknowledged", "annotation", "expected")] == [1] * 3
        running.verb("annotate", "1", "written up")  # a postmortem is written when it is over


def test_what_is_wrong_is_said(folder):
    with start(folder) as running:
        incident(running)
        with open(os.path.join(running.data, "token"), encoding="ascii") as file:
            token = {"Authorization": "Bearer " + file.read().strip()}
        annotate, mutes = "/api/v1/incidents/1/annotate", "/api/v1/mutes"
        good, mute = '{"text": "x"}', '{"incident": 1, "seconds": 60}'
        for path, body in ((annotate, good), (mutes, mute), ("/api/v1/incidents/1/expected", "")):
            assert post(running, path, body)[0] == 401, path
        assert post(running, "/api/v1/incidents/999/annotate", good, **token)[0] == 404
        assert post(running, "/api/v1/incidents/4294967297/ack", "", **token)[0] == 404
        assert post(running, mutes, '{"incident": 999, "seconds": 60}', **token)[0] == 404
        for body in ("", "{}", '{"text": ""}', '{"text": "a\\u001b[2J"}',
                     json.dumps({"text": "x" * 241})):
            assert post(running, annotate, body, **token)[0] == 400, body
        for body in ("", '{"incident": 1}', '{"incident": 1, "seconds": 2592001}'):
            assert post(running, mutes, body, **token)[0] == 400, body
        for _ in range(16):
            assert post(running, annotate, good, **token)[0] == 200
        assert post(running, annotate, good, **token)[0] == 409
        for words in (("mute", "1"), ("mute", "1", "--for", "2"), ("mute", "1", "--for", "31d"),
                      ("mute", "1", "--route", "x", "--for", "2h"), ("unmute",),
                      ("annotate", "1"), ("annotate", "1", "x" * 241), ("expected", "none")):
            assert "slowburn " + words[0] in fails(running, *words)
