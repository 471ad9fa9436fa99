# SPDX-License-Identifier: Apache-2.0
"""The same bytes to a server directly and through slowburn, cut everywhere: the same answers, and
the same records, however it was cut. oracle.py says how, scripts.py what.

SLOWBURN_CUTS=all cuts at every position; without it the longer scripts are cut at
as many positions as there is time for. SLOWBURN_SEED=n changes the random cuts."""
import itertools
import os
import socket
import struct

import pytest

from test.peer import messages as wire, oracle, records, scripts
from test.peer.oracle import Cuts, Play, RandomCuts, Script, Stage
from test.peer.proxy_host import ProxyHost

RUNS = 40             # of a script in one session
POSITIONS = 250       # of one script
LOGIN_POSITIONS = 40  # the same, of a login
RANDOM_RUNS = 15      # of one script
VANISHINGS = 6        # of one script
LOGIN, STAGES = 0, 2  # parts of a recording


@pytest.fixture(scope="module")
def server(postgres):
    """The peer tests' PostgreSQL, with users that have passwords."""
    postgres.sql("set password_encryption = 'md5'; create user md5_user password 'secret';"
                 "set password_encryption = 'scram-sha-256';"
                 "create user clear_user password 'secret';"
                 "create user scram_user password 'secret'")
    path = os.path.join(postgres.folder, "data", "pg_hba.conf")
    with open(path, encoding="utf-8") as lines:
        trusting = lines.read()
    methods = (("clear_user", "password"), ("md5_user", "md5"), ("scram_user", "scram-sha-256"))
    with open(path, "w", encoding="utf-8") as lines:
        for user, method in methods:
            lines.write(f"host all {user} 127.0.0.1/32 {method}\n")
        lines.write(trusting)
    postgres.sql("select pg_reload_conf()")
    yield postgres.port
    with open(path, "w", encoding="utf-8") as lines:
        lines.write(trusting)
    postgres.sql("select pg_reload_conf(); drop user md5_user, clear_user, scram_user")


class Bench:
    """Slowburn, with the test on both of its sides."""

    def __init__(self, relay, proxy, server):
        self.relay = relay
        self.proxy = proxy
        self.server = server
        self.tap = oracle.Tap(proxy)
        self.recordings = {}
        self.uncut = {}

    def recording(self, script):
        """What the server says to the script when nobody is between."""
        if script.name not in self.recordings:
            login, setup, stages = oracle.record(self.server, script, 1 + script.repeats)
            count = len(script.stages)
            for first, again in zip(stages[:count], stages[count:]):
                assert oracle.masked(first[1]) == oracle.masked(again[1]), \
                    f"{script.name}: leaves something behind"
            self.recordings[script.name] = login, setup, stages[:count]
        return self.recordings[script.name]

    def length(self, script, direction, part=STAGES):
        return sum(len(pair[direction]) for pair in self.recording(script)[part])

    def session(self, script, cuts, login_cuts=Cuts()):
        """One session; its stages once for each of the cuts. Returns (lost, its records), or None
        when the login failed, as it should."""
        login, setup, stages = self.recording(script)
        with Play(self.relay, self.proxy.ports[0], self.server) as play:
            heard = play.stages(script.login, login, login_cuts)
            if play.up is None:
                return None
            heard = play.stages(script.setup, setup, Cuts())
            for each in cuts:
                play.stages(script.stages, stages, each, heard)
        lost, queries = self.tap.session(play)
        return lost, self.tap.seen(queries)

    def faked(self, script, login=None, runs=(None,), cuts=Cuts()):
        """The same with a server that says what it is told to: login and each of the runs are
        lists of (bytes of the client, bytes of the server); None: as recorded."""
        known, setup, stages = self.recording(script)
        with Play(self.relay, self.proxy.ports[0], None) as play:
            play.stages(script.login, login or known, cuts)
            play.stages(script.setup, setup, cuts)
            for run in runs:
                play.stages(script.stages, run or stages, cuts)
        lost, queries = self.tap.session(play)
        return lost, self.tap.seen(queries)

    def check(self, script, cuts, **more):
        """The same as uncut, in bytes and in records."""
        key = script.name, len(cuts)
        if key not in self.uncut:
            self.uncut[key] = self.session(script, [Cuts()] * len(cuts))
            assert script.lost or self.uncut[key] is None or not self.uncut[key][0], \
                "slowburn lost its place"
        found = self.session(script, cuts, **more)
        assert script.lost or found == self.uncut[key]

    def check_all(self, script, cuts, **more):
        """As many of them in one session as the script allows."""
        runs = RUNS if script.repeats else 1
        for i in range(0, len(cuts), runs):
            self.check(script, cuts[i:i + runs], **more)


@pytest.fixture(scope="module")
def bench(server, tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as relay:
        port = relay.getsockname()[1]
        with ProxyHost(str(tmp_path_factory.mktemp("oracle")), [f"127.0.0.1:{port}"], "postgres",
                       drain_ms=500, workers=1, ring_bytes=256 << 20) as proxy:
            yield Bench(relay, proxy, server)


def every(scripts_):
    return pytest.mark.parametrize("script", scripts_, ids=lambda script: script.name)


@every(scripts.SHORT + scripts.SECRETS + scripts.LONG)
def test_through_slowburn_as_direct(bench, script):
    bench.check(script, [Cuts()] * (1 + script.repeats))


CLIENT_KINDS = b"QPBDECSHXdcfFp"
SERVER_KINDS = b"RKSZENATDCI123ntsGHWdcVv"


def kinds_of(data):
    return {kind for kind, _ in wire.frames(data)[0]}


def test_the_scripts_have_every_message(bench):
    """Of either side; CopyBothResponse is only in what the test itself says as a server."""
    said = set()
    heard = set().union(*map(kinds_of, COPY_BOTH))
    for script in scripts.SHORT + scripts.SECRETS + scripts.LONG:
        login, *rest = bench.recording(script)
        for sent, reply in [(b"", login[0][1]), *login[1:], *itertools.chain(*rest)]:
            said |= kinds_of(sent)
            heard |= kinds_of(reply)
    assert {bytes([kind]) for kind in CLIENT_KINDS} - said == set()
    assert {bytes([kind]) for kind in SERVER_KINDS} - heard == set()


@every(scripts.SHORT)
def test_cut_at_every_position(bench, script):
    """Both directions at once: a client's position and a server's."""
    client = oracle.positions(bench.length(script, 0), POSITIONS)
    server = oracle.positions(bench.length(script, 1), POSITIONS)
    bench.check_all(script, [Cuts(c, s) for c, s in itertools.zip_longest(client, server)])


@every([script for script in scripts.LOGINS + scripts.SECRETS])
def test_a_login_cut_at_every_position(bench, script):
    client = oracle.positions(bench.length(script, 0, LOGIN), LOGIN_POSITIONS)
    server = oracle.positions(bench.length(script, 1, LOGIN), LOGIN_POSITIONS)
    for c, s in itertools.zip_longest(client, server):
        bench.check(script, [Cuts()] * bool(script.stages), login_cuts=Cuts(c, s))


@every(scripts.SHORT + scripts.SECRETS)
def test_cut_at_random(bench, script):
    rng = oracle.seeded(script.name)
    bench.check_all(script, [RandomCuts(rng)] * RANDOM_RUNS, login_cuts=RandomCuts(rng))


@every(scripts.LONG)
def test_long_ones_cut_at_random(bench, script):
    rng = oracle.seeded(script.name)
    for most in (3, 30, 300):
        bench.check(script, [RandomCuts(rng, most)] * 2)


@every([script for script in scripts.SHORT + scripts.LONG
        if script.repeats and not script.lost])
def test_both_directions_at_once(bench, script):
    """Replies come while the client is still sending; what is attributed stays the same."""
    rng = oracle.seeded(script.name)
    login, setup, stages = bench.recording(script)
    runs = 2 if script in scripts.LONG else RANDOM_RUNS
    with Play(bench.relay, bench.proxy.ports[0], bench.server) as play:
        play.stages(script.login, login, Cuts())
        play.stages(script.setup, setup, Cuts())
        for _ in range(runs):
            for expected in stages:
                play.interleaved(expected, rng)
    lost, queries = bench.tap.session(play)
    assert not lost, "slowburn lost its place"
    uncut = bench.session(script, [Cuts()] * runs)[1]
    assert executions(bench.tap.seen(queries)) == executions(uncut)


def executions(seen):
    """Without those of a name that turned out to be none: what text they were meant for is known
    only as long as nobody has said so."""
    return [(s.text, s.rows, s.sqlstate) for s in seen
            if s.role == records.EXECUTE and s.sqlstate != b"26000"]


# What a real server cannot be brought to: the test is the server, with what was recorded.

NOBODYS = wire.notice() + wire.notification() + wire.parameter()


def with_nobodys(exchange, place):
    """The exchange with messages that nobody asked for at one place (counted over all of it), or
    everywhere (None). Also returns the number of places."""
    at = 0
    changed = []
    for sent, heard in exchange:
        said = b""
        for frame in [b"", *(wire.message(*frame) for frame in wire.frames(heard)[0])]:
            said += frame + (NOBODYS if place in (at, None) else b"")
            at += 1
        changed.append((sent, said))
    return changed, at


@every([script for script in scripts.SHORT if script.repeats and not script.lost])
def test_messages_that_nobody_asked_for_may_come_anywhere(bench, script):
    _, _, stages = bench.recording(script)
    places = with_nobodys(stages, 0)[1]
    runs = [with_nobodys(stages, place)[0] for place in [*range(places), None]]
    assert bench.faked(script, runs=runs) == bench.faked(script, runs=[None] * len(runs))


def test_messages_that_nobody_asked_for_may_come_while_logging_in(bench):
    script = scripts.LOGINS[0]
    login, _, _ = bench.recording(script)
    uncut = bench.faked(script)
    for place in range(with_nobodys(login, 0)[1]):
        assert bench.faked(script, login=with_nobodys(login, place)[0]) == uncut


@pytest.mark.parametrize("hello", [
    wire.AUTH_OK + wire.key_data(key=bytes(size)) for size in (4, 5, 8, 32, 255, 256)] + [
    wire.AUTH_OK,
    wire.message(b"v", struct.pack(">2i", 2, 0)) + wire.AUTH_OK + wire.key_data(),
    wire.message(b"v", struct.pack(">2i", 0, 2) + wire.text("_pq_.a") + wire.text("_pq_.b")) +
    wire.AUTH_OK + wire.key_data(),
    wire.message(b"R", struct.pack(">i", 99) + bytes(3000)) + wire.AUTH_OK + wire.key_data(),
    wire.AUTH_OK + b"".join(wire.parameter(f"p{i}", "x" * i) for i in range(300)) +
    wire.key_data()])
def test_logins_that_this_server_does_not_have(bench, hello):
    script = scripts.LOGINS[0]
    sent = bench.recording(script)[0][0][0]
    uncut = bench.faked(script)
    hello += wire.ready()
    for at in oracle.positions(min(len(hello), 400), LOGIN_POSITIONS):
        assert bench.faked(script, login=[(sent, hello)], cuts=Cuts(server=at)) == uncut


@pytest.mark.parametrize("reply, sqlstate", [
    (wire.message(b"E", b"\0"), b""), (wire.message(b"E"), b""),
    (wire.message(b"E", b"Mno code\0\0"), b""),
    (wire.message(b"E", b"C" + b"9" * 300 + b"\0\0"), b"99999"),
    (wire.message(b"E", b"C12\0\0"), b"12"), (wire.message(b"E", b"C22012"), b"22012"),
    (wire.message(b"E", b"Vx\0C22012\0V\0" + b"?" * 9000), b"22012")])
def test_errors_that_are_not_whole(bench, reply, sqlstate):
    """As the error of a query, and of a pipeline's first statement."""
    simple = Script("an odd error", Stage(wire.query("select 1 as odd")))
    pipe = Script("an odd error in a pipeline",
                  Stage(scripts.run("select 1 as odd") + scripts.run("select 2") + wire.SYNC))
    for script, before in ((simple, b""), (pipe, wire.message(b"1") + wire.message(b"2"))):
        sent = bench.recording(script)[2][0][0]
        said = before + reply + wire.ready()
        whole = bench.faked(script, runs=[[(sent, said)]])
        lost, seen = whole
        assert not lost
        assert [(s.rows, s.sqlstate.rstrip(b"\0")) for s in seen] == [(0, sqlstate)]
        for at in oracle.positions(min(len(said), 400), LOGIN_POSITIONS):
            assert bench.faked(script, runs=[[(sent, said)]], cuts=Cuts(server=at)) == whole


COPY_BOTH = [
    (wire.message(b"W", b"\0\0\0") + wire.message(b"d", b"w" + bytes(24) + b"change")),
    wire.message(b"d", b"k" + bytes(17)), wire.message(b"c") + wire.complete("COPY 0") +
    wire.ready()]


def test_a_replication_connection_is_passed_on(bench):
    script = Script("replication", Stage(wire.query("START_REPLICATION 0/0")),
                    Stage(wire.copy_data(b"r" + bytes(33))), Stage(wire.COPY_DONE),
                    login=[Stage(wire.startup(replication="database"))])
    hello = wire.AUTH_OK + wire.key_data() + wire.ready()
    stages = [(stage.client, reply) for stage, reply in zip(script.stages, COPY_BOTH)]
    for at in range(1, 60):
        with Play(bench.relay, bench.proxy.ports[0], None) as play:
            play.stages(script.login, [(script.login[0].client, hello)], Cuts(at, at))
            play.stages(script.stages, stages, Cuts(at, at))
            play.up.close()
            assert play.client.recv(1) == b""


@every([script for script in scripts.SHORT if script.repeats])
def test_a_server_may_vanish_anywhere(bench, script):
    login, setup, stages = bench.recording(script)
    rng = oracle.seeded(script.name)
    for _ in range(VANISHINGS):
        with Play(bench.relay, bench.proxy.ports[0], None) as play:
            play.stages(script.login, login, Cuts())
            play.stages(script.setup, setup, Cuts())
            last = rng.randrange(len(stages))
            play.stages(script.stages, stages[:last], Cuts())
            sent, said = stages[last]
            play.deliver([sent])
            if said:
                play.answer([said[:rng.randrange(1, len(said) + 1)]])
            if rng.random() < 0.5:
                oracle.reset(play.up)
            else:
                play.up.close()
            assert oracle.hears_the_end(play.client)
        bench.tap.session(play)
