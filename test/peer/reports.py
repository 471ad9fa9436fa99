# SPDX-License-Identifier: Apache-2.0
"""What a reader may rely on in the reports of `slowburn check`, as the formats have it: SARIF 2.1.0
(OASIS), and JUnit's XML, which has no standard: what Ant writes, and Jenkins and GitLab read."""
import json
import re
import xml.etree.ElementTree

URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})+")
LEVELS = ("none", "note", "warning", "error")


def object_of(value, required, optional=()):
    """It has these members and no others: SARIF's objects are closed."""
    assert isinstance(value, dict) and set(required) <= set(value) <= {*required, *optional}, value
    return value


def text_of(message):
    assert object_of(message, ["text"])["text"].strip() != ""


def sarif(path):
    """The run in a log file that has one."""
    log = json.loads(path.read_text(encoding="utf-8"))
    object_of(log, ["version", "runs"], ["$schema"])
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = object_of(log["runs"][0], ["tool", "results"], ["invocations"])
    driver = object_of(object_of(run["tool"], ["driver"])["driver"], ["name"], ["version", "rules"])
    for rule in driver["rules"]:
        text_of(object_of(rule, ["id"], ["shortDescription"])["shortDescription"])
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(rules) == len(set(rules))
    for invocation in run["invocations"]:
        object_of(invocation, ["executionSuccessful"], ["toolExecutionNotifications"])
        assert isinstance(invocation["executionSuccessful"], bool)
        for note in invocation["toolExecutionNotifications"]:
            text_of(object_of(note, ["message"], ["level"])["message"])
            assert note["level"] in LEVELS
    for result in run["results"]:
        text_of(object_of(result, ["message"], ["ruleId", "level", "locations"])["message"])
        assert result["ruleId"] in rules and result["level"] in LEVELS
        for location in result["locations"]:
            place = object_of(object_of(location, ["physicalLocation"])["physicalLocation"],
                              ["artifactLocation"], ["region"])
            assert URI.fullmatch(object_of(place["artifactLocation"], ["uri"])["uri"])
            line = object_of(place["region"], ["startLine"])["startLine"]
            assert isinstance(line, int) and line >= 1
    return run


def junit(path):
    """The test suite in a report that has one."""
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == "testsuites" and [suite.tag for suite in root] == ["testsuite"]
    suite = root[0]
    assert set(suite.attrib) >= {"name", "tests", "failures", "errors", "time"}
    counted = {"failure": 0, "error": 0}
    for case in suite:
        assert case.tag == "testcase" and set(case.attrib) == {"classname", "name", "time"}
        assert len(case) <= 1  # readers take the first
        for outcome in case:
            counted[outcome.tag] += 1
            assert outcome.get("type") and outcome.get("message")
    assert int(suite.get("tests")) == len(suite)
    assert int(suite.get("failures")) == counted["failure"]
    assert int(suite.get("errors")) == counted["error"]
    return suite
