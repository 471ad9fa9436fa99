# SPDX-License-Identifier: Apache-2.0
"""A collector of OTLP: what it was sent, as protoc decodes it."""
import ast
import gzip
import os
import re
import shutil
import subprocess

from test.harness.receiver import Receiver

PROTO = os.path.join(os.path.dirname(__file__), "../peer/otlp.proto")
MESSAGE = {"traces": "Traces", "metrics": "Metrics", "logs": "Logs"}


def parse(text):
    """protoc's text format: messages as dicts of lists, in which every field is repeated."""
    top, stack = {}, []
    here = top
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            here = stack.pop()
        elif line.endswith("{"):
            stack.append(here)
            inner = {}
            here.setdefault(line[:-1].strip(), []).append(inner)
            here = inner
        else:
            name, _, value = line.partition(": ")
            if value.startswith('"'):
                value = ast.literal_eval("b" + value)
            elif re.fullmatch(r"-?\d+", value):
                value = int(value)
            elif re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?|inf|nan", value):
                value = float(value)
            here.setdefault(name, []).append(value)
    return top


def attributes(item):
    """Keys and values, bytes as text."""
    found = {}
    for pair in item.get("attributes", []):
        kind, value = next(iter(pair["value"][0].items()))
        found[pair["key"][0].decode()] = value[0].decode() if kind == "string_value" else value[0]
    return found


class Collector(Receiver):
    """with Collector() as c: ... c.spans(), c.metrics(), c.logs(): all that has come so far."""

    def decoded(self, signal):
        protoc = shutil.which("protoc")
        assert protoc, "protoc is missing: Debian's protobuf-compiler has it (make deps)"
        seen = set()  # what was refused is kept here, too, and comes again as it was
        for received in list(self.received):
            if received.path != f"/v1/{signal}" or received.body in seen:
                continue
            seen.add(received.body)
            assert received.headers["Content-Type"] == "application/x-protobuf"
            assert received.headers["Content-Encoding"] == "gzip"
            done = subprocess.run(
                [protoc, f"--proto_path={os.path.dirname(PROTO)}",
                 f"--decode=otlp.{MESSAGE[signal]}", os.path.basename(PROTO)],
                input=gzip.decompress(received.body), capture_output=True, check=True)
            text = done.stdout.decode()
            assert not re.search(r"^\s*\d+(:| \{)", text, re.M), f"unknown fields: {text}"
            yield parse(text)

    def items(self, signal, *path):
        for message in self.decoded(signal):
            found = [message]
            for name in path:
                found = [inner for outer in found for inner in outer.get(name, [])]
            yield from found

    def resources(self, signal):
        kind = {"traces": "resource_spans", "metrics": "resource_metrics", "logs": "resource_logs"}
        return [attributes(r) for r in self.items(signal, kind[signal], "resource")]

    def spans(self):
        return list(self.items("traces", "resource_spans", "scope_spans", "spans"))

    def metrics(self):
        return list(self.items("metrics", "resource_metrics", "scope_metrics", "metrics"))

    def logs(self):
        return list(self.items("logs", "resource_logs", "scope_logs", "log_records"))
