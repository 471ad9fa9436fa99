# SPDX-License-Identifier: Apache-2.0
"""What the peer tests share: one PostgreSQL for all of them, a proxy and its records for each."""
import os

import pytest

from test.harness import evidence
from test.harness import postgres as harness
from test.harness.slowburn import Slowburn
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure says what the processes said, and how they were."""
    report = (yield).get_result()
    if report.failed and item.session.testsfailed < evidence.TESTS_MAX:
        report.sections += evidence.sections(item.funcargs)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    with harness.Postgres(harness.reachable(tmp_path_factory.mktemp("postgres"))) as server:
        yield server


@pytest.fixture
def little_kept(monkeypatch):
    """Before a proxy whose memory is looked at: what the sanitizer keeps of freed memory is none of
    the proxy's own."""
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64")


@pytest.fixture
def watched(postgres, tmp_path):
    """The proxy before `postgres`, with .port and .records."""
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{postgres.port}"], "postgres",
                   drain_ms=500) as proxy:
        proxy.port = proxy.ports[0]
        proxy.records = Records(proxy)
        yield proxy


@pytest.fixture
def slowburn(postgres, tmp_path):
    """The whole daemon before `postgres`."""
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), postgres.port) as running:
        yield running
