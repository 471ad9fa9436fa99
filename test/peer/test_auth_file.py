# SPDX-License-Identifier: Apache-2.0
"""Logins that slowburn checks itself (auth_file): every method of the server, every pair of legs,
with what pg_authid holds, from the file or by auth_query, and with passwords; and what is refused,
and read again."""
import base64
import contextlib
import hashlib
import hmac
import os
import signal
import socket
import struct
import subprocess
import threading

import psycopg
import pytest

from test.harness import processes
from test.harness.slowburn import Slowburn
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records
from test.peer.test_login import METHODS, log_in, server  # noqa: F401 (a fixture)
from test.peer.test_tls import eventually, files, raw_tls  # noqa: F401 (a fixture)
from test.peer.wire import Wire, cancel, message, query, rows, sqlstate


def user_list(path, secrets):
    """PgBouncer's userlist.txt."""
    with open(path, "w", encoding="utf-8") as lines:
        lines.write("; users\n\n")
        for user, secret in secrets.items():
            lines.write('"{}" "{}"\n'.format(user.replace('"', '""'), secret.replace('"', '""')))
    os.chmod(path, 0o600)
    return str(path)


ASKING = {"auth_user": "asker", "auth_query": "select * from secret_of($1)"}


@pytest.fixture(scope="module", autouse=True)
def asker(server):  # noqa: F811
    """The role of auth_query, with the manual's function."""
    server.sql("""
        set password_encryption = 'scram-sha-256';
        create role asker login password 'asks' in role scrammed;
        create function secret_of(name text, out rolname text, out rolpassword text)
            returns setof record language sql security definer set search_path = pg_catalog
            as 'select rolname, rolpassword from pg_authid
                where rolname = $1 and rolcanlogin and not rolsuper';
        revoke all on function secret_of(text) from public;
        grant execute on function secret_of(text) to asker;
    """)


@pytest.fixture(scope="module")
def kept(server):  # noqa: F811
    """What the server keeps of its users' passwords; those who have none there get one here."""
    found = dict(line.split("|", 1) for line in server.sql(
        "select rolname, rolpassword from pg_authid where rolpassword is not null and "
        "rolname <> 'asker'").splitlines())
    return {"trust": "secret", "cert": "secret", **found}


@contextlib.contextmanager
def proxy_with(server, tmp_path, secrets, workers=2, **security):  # noqa: F811
    tmp_path.mkdir(exist_ok=True)
    path = user_list(tmp_path / "userlist.txt", secrets)
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres",
                   security={"auth_file": path, **security}, workers=workers,
                   drain_ms=500) as proxy:
        proxy.port = proxy.ports[0]
        proxy.user_list = path
        yield proxy


def expected_of(client_tls, server_tls, holds, method, binding):
    """What an error says, or None for success."""
    asks_md5 = holds != "passwords" and method == "md5"
    if method == "cert" and not server_tls:
        return "no pg_hba.conf entry"  # before anybody is asked for anything
    if binding == "require" and (asks_md5 or not client_tls):
        return "channel binding"
    if method == "password" and holds != "passwords":
        return "does not have it"
    return None


@pytest.mark.parametrize("holds", ["kept", "passwords", "asked for"])
@pytest.mark.parametrize("server_tls", [False, True], ids=["plain_server", "tls_server"])
@pytest.mark.parametrize("client_tls", [False, True], ids=["plain_client", "tls_client"])
def test_every_login_through_every_pair_of_legs(server, files, kept, tmp_path,  # noqa: F811
                                                client_tls, server_tls, holds):
    secrets = kept if holds == "kept" else {method: "secret" for method in METHODS}
    asking = {}
    if holds == "asked for":
        asking = ASKING
        secrets = {"asker": "asks", **{user: "secret" for user in ("trust", "cert")}}
    mode = "require" if client_tls else "disable"
    with proxy_with(server, tmp_path, secrets, tls_cert=files.proxy.cert, tls_key=files.proxy.key,
                    server_tls="require" if server_tls else "disable",
                    server_tls_cert=files.cert_user.cert,
                    server_tls_key=files.cert_user.key, **asking) as proxy:
        records = Records(proxy)
        logins = 0
        for method in METHODS:
            for binding in ("disable", "prefer", "require"):
                wanted = expected_of(client_tls, server_tls, holds, method, binding)
                for _ in range(2):  # what was derived for the first is there for the second
                    error = log_in(psycopg, proxy.port, method, channel_binding=binding,
                                   sslmode=mode)
                    what = (method, binding, error)
                    assert (error is None) == (wanted is None), what
                    assert wanted is None or wanted in error, what
                    logins += error is None
            error = log_in(psycopg, proxy.port, method, password="wrong", sslmode=mode)
            assert "password authentication failed" in error or \
                method == "cert" and not server_tls, (method, error)
        assert len(records.seen(logins, text="current_user")) == logins
        log = proxy.read_log()
        assert log.count("login_refused") >= 4
        assert "session_opaque" not in log
        assert not any(secret in log for user, secret in secrets.items() if user != "asker")


def salt_of_a_stranger(proxy, user):
    """Who is refused, and asked like everybody: the salt that the question had."""
    error = log_in(psycopg, proxy.port, user, sslmode="disable")
    assert f'password authentication failed for user "{user}"' in error
    with Wire(proxy.port, login=False) as w:
        w.parameters["user"] = user
        w.send(w.startup())
        assert w.until(b"R") == [(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0")]
        w.send(first_message())
        return w.until(b"R")[-1][1].split(b",s=")[1]


def test_who_is_not_known_is_asked_as_everybody_is(server, files, kept, tmp_path):  # noqa: F811
    with proxy_with(server, tmp_path, {**kept, "empty": ""}) as proxy:
        salts = []
        for user in ("nobody", "nobody", "trust_me", "empty"):
            # Even where the server trusts, and before it has said no.
            server.sql(f"drop role if exists {user}; create role {user} login in role trusted")
            salts.append(salt_of_a_stranger(proxy, user))
            server.sql(f"drop role {user}")
        assert salts[0] == salts[1] and len(set(salts)) == 3


def first_message(mechanism=b"SCRAM-SHA-256", text=b"n,,n=,r=abcdefgh"):
    return message(b"p", mechanism + b"\0" + struct.pack(">i", len(text)) + text)


@pytest.mark.parametrize("says, state", [
    (query("select 1"), "08P01"),
    (message(b"X"), "08P01"),
    (message(b"p", b""), "08P01"),
    (message(b"p", b"SCRAM-SHA-256"), "08P01"),
    (message(b"p", b"SCRAM-SHA-256\0\xff\xff\xff\xff"), "08P01"),
    (message(b"p", b"SCRAM-SHA-256\0\0\0\0\x05x"), "08P01"),
    (first_message(b"SCRAM-SHA-256-PLUS", b"p=tls-server-end-point,,n=,r=abc"), "08P01"),
    (first_message(b"SCRAM-SHA-1"), "08P01"),
    (first_message(text=b"p=tls-server-end-point,,n=,r=abc"), "08P01"),
    (first_message(text=b"n,a=postgres,n=,r=abc"), "08P01"),
    (message(b"p", b"x" * 1100), "08P01"),
    (message(b"p", b"x" * 5000), "08P01"),
    (b"p\0\0\0\0", "08P01"),
    (b"p\xff\xff\xff\xff", "08P01"),
    (first_message() + message(b"p", b"c=biws,r=abcdefgh,p=" + b"A" * 44), "08P01"),
], ids=lambda value: None if isinstance(value, str) else f"{len(value)}_bytes")
def test_nobody_comes_past_it(server, kept, tmp_path, says, state):  # noqa: F811
    """The server trusts this user: whatever reached it would be answered."""
    with proxy_with(server, tmp_path, kept) as proxy:
        with Wire(proxy.port, login=False) as w:
            w.parameters["user"] = "trust"
            w.send(w.startup())
            w.until(b"R")
            w.send(says)
            heard = w.until()
            assert sqlstate(heard) == state, heard
            assert {kind for kind, _ in heard} <= {b"R", b"E"}, heard
        log = proxy.read_log()
        assert "login_refused" in log and "session_opaque" not in log


def last_message(password, server_first):
    """RFC 5802 in a few lines, for a client that says more than libpq does."""
    nonce, salt, rounds = (part[2:] for part in server_first.split(b",", 2))
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), int(rounds))
    key = hmac.digest(salted, b"Client Key", "sha256")
    without = b"c=biws,r=" + nonce
    said = b"n=,r=abcdefgh," + server_first + b"," + without
    signature = hmac.digest(hashlib.sha256(key).digest(), said, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature))
    return message(b"p", without + b",p=" + base64.b64encode(proof))


@pytest.mark.parametrize("user", ["trust", "scram"])
def test_what_a_client_says_too_early_waits(server, tmp_path, user):  # noqa: F811
    """Behind its last word of the login, and before it was asked for the first."""
    with proxy_with(server, tmp_path, {user: "secret"}) as proxy:
        with Wire(proxy.port, login=False) as w:
            w.parameters["user"] = user
            w.send(w.startup())
            w.until(b"R")
            w.send(first_message())
            server_first = w.until(b"R")[-1][1][4:]
            w.send(last_message(b"secret", server_first) + query("select current_user"))
            assert sqlstate(heard := w.until(b"Z")) is None, heard
            assert rows(w.until(b"Z")) == [[user]]
        with Wire(proxy.port, login=False) as w:
            w.parameters["user"] = user
            w.send(w.startup() + query("select 1"))
            heard = w.until()
            assert sqlstate(heard) == "08P01" and b"Z" not in {kind for kind, _ in heard}


def test_what_comes_before_and_behind_a_login_passes(server, tmp_path):  # noqa: F811
    """What the server says of the protocol's version, and the key to cancel with."""
    with proxy_with(server, tmp_path, {"trust": "secret"}) as proxy:
        with Wire(proxy.port, login=False) as w:
            w.parameters = {"user": "trust", "database": "postgres", "_pq_.greasy": "1"}
            w.send(w.startup())
            assert [kind for kind, _ in w.until(b"R")] == [b"v", b"R"]
            w.send(first_message())
            server_first = w.until(b"R")[-1][1][4:]
            w.send(last_message(b"secret", server_first))
            [key] = [body for kind, body in w.until(b"Z") if kind == b"K"]
            w.send(query("select pg_sleep(60)"))
            assert eventually(lambda: server.sql("select count(*) from pg_stat_activity where "
                                                 "query = 'select pg_sleep(60)'").strip() == "1")
            cancel(proxy.port, struct.unpack_from(">I", key)[0], key[4:])
            assert sqlstate(w.until(b"Z")) == "57014"


def test_the_user_is_the_one_that_the_server_takes(server, tmp_path):  # noqa: F811
    """Of two names in one packet the last one counts, there and here."""
    with proxy_with(server, tmp_path, {"scram": "secret"}) as proxy:
        with Wire(proxy.port, login=False) as w:
            w.parameters = {"user": "scram", "database": "postgres"}
            packet = w.startup()[:-1] + b"user\0trust\0\0"
            w.send(struct.pack(">i", len(packet)) + packet[4:])
            w.until(b"R")
            w.send(first_message())
            w.until(b"R")
            w.send(message(b"p", b"c=biws,r=,p=" + b"A" * 43 + b"="))
            assert sqlstate(w.until()) == "08P01"
        assert 'user "trust"' in log_in(psycopg, proxy.port, "trust", sslmode="disable")


def test_secrets_that_do_not_fit_are_named(server, kept, tmp_path):  # noqa: F811
    other = server.sql("set password_encryption = 'scram-sha-256'; set scram.x = '';"
                       "create role elsewhere password 'secret'; select rolpassword from pg_authid "
                       "where rolname = 'elsewhere'; drop role elsewhere").strip()
    cases = {"scram": (other, "is not the one that slowburn has"),
             "md5": (kept["scram"], "asks for md5"),
             "password": (kept["scram"], "asks for the password itself")}
    with proxy_with(server, tmp_path,
                    {user: secret for user, (secret, _) in cases.items()}) as proxy:
        for user, (_, reason) in cases.items():
            assert reason in log_in(psycopg, proxy.port, user, sslmode="disable")
    md5 = {"scram": kept["md5"].replace("md5", "md5", 1)}
    with proxy_with(server, tmp_path / "md5", md5) as proxy:
        # The digits hold the user's name: they are another's, and the password is wrong.
        assert "password authentication failed" in log_in(psycopg, proxy.port, "scram",
                                                          sslmode="disable")


def test_the_servers_own_no_is_passed_on(server, tmp_path):  # noqa: F811
    """The password here is an older one than the server's."""
    with proxy_with(server, tmp_path, {"scram": "older", "md5": "older"}) as proxy:
        for user in ("scram", "md5"):
            error = log_in(psycopg, proxy.port, user, password="older", sslmode="disable")
            assert f'password authentication failed for user "{user}"' in error
        assert "login_refused" not in proxy.read_log()


@pytest.mark.parametrize("answers, reason", [
    ([message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"), message(b"R", bytes(4))],
     "order of a login"),
    ([message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
      message(b"R", b"\0\0\0\x0br=mine,s=AAAA,i=4096")], "nonce is another"),
    ([message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
      message(b"R", b"\0\0\0\x0br=NONCE+,s=AAAA,i=999999999")], "too many iterations"),
    ([message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
      message(b"R", b"\0\0\0\x0br=NONCE+,s=AAAA,i=4096"),
      message(b"R", b"\0\0\0\x0cv=" + b"A" * 43 + b"=")], "does not prove"),
    ([message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
      message(b"R", b"\0\0\0\x0br=NONCE+,s=AAAA,i=4096"), message(b"R", bytes(4))],
     "order of a login"),
    ([message(b"R", b"\0\0\0\x0aGSSAPI\0\0")], "no SASL mechanism"),
    ([message(b"R", b"\0\0\0\x07")], "nobody can do for a client"),
    ([message(b"R", b"")], "order of a login"),
    ([message(b"R", b"\0\0\0\x0a" + b"x" * 3000)], "too great a length"),
], ids=range(9))
def test_a_server_that_lies_is_told_nothing(tmp_path, answers, reason):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(60)
                    connection.recv(1000)
                    heard = b""
                    for answer in answers:
                        nonce = heard.rpartition(b"r=")[2]
                        connection.sendall(message(b"R", answer[5:].replace(b"NONCE", nonce)))
                        heard = connection.recv(2000)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        server = type("", (), {"port": listener.getsockname()[1]})  # noqa: F811
        with proxy_with(server, tmp_path, {"scram": "secret"}) as proxy:
            assert reason in log_in(psycopg, proxy.port, "scram", sslmode="disable")
        thread.join(60)


@pytest.mark.parametrize("user, secret", [
    ('a "quoted" name', 'a "quoted" password'), ("spaces and ;", "; no comment"),
    ("n" * 63, "p" * 1000), ("ünïcode", "ascii")], ids=["quotes", "blanks", "long", "unicode"])
def test_names_and_passwords_of_every_kind(server, tmp_path, user, secret):  # noqa: F811
    quoted = user.replace('"', '""')
    server.sql(f"set password_encryption = 'scram-sha-256'; create role \"{quoted}\" login "
               f"password '{secret}' in role scrammed")
    try:
        with proxy_with(server, tmp_path, {user: secret}) as proxy:
            assert log_in(psycopg, proxy.port, user, password=secret, sslmode="disable") is None
    finally:
        server.sql(f'drop role "{quoted}"')


def test_the_file_is_read_again(server, kept, tmp_path):  # noqa: F811
    with proxy_with(server, tmp_path, {"scram": kept["scram"]}) as proxy:
        assert log_in(psycopg, proxy.port, "scram", sslmode="disable") is None
        assert "failed" in log_in(psycopg, proxy.port, "trust", sslmode="disable")
        lasting = psycopg.connect(host="127.0.0.1", port=proxy.port, user="scram",
                                  password="secret", dbname="postgres", sslmode="disable")
        user_list(proxy.user_list, {"trust": "secret"})
        assert log_in(psycopg, proxy.port, "scram", sslmode="disable") is None
        proxy.reload()
        assert log_in(psycopg, proxy.port, "trust", sslmode="disable") is None
        assert "failed" in log_in(psycopg, proxy.port, "scram", sslmode="disable")
        for spoil in (lambda: os.chmod(proxy.user_list, 0o640),
                      lambda: user_list(proxy.user_list, {"scram": "SCRAM-SHA-256$x"}),
                      lambda: os.remove(proxy.user_list)):
            spoil()
            proxy.reload()
            assert log_in(psycopg, proxy.port, "trust", sslmode="disable") is None
        log = proxy.read_log()
        assert log.count("auth_reload_failed") == 3
        assert "others may read the auth_file" in log and "userlist.txt:3: this SCRAM" in log
        assert lasting.execute("select 2").fetchone() == (2,)
        lasting.close()


@pytest.mark.parametrize("text, reason", [
    ("scram secret\n", ":1: a line of it is"), ('"scram" "secret" x\n', ":1: a line of it is"),
    ('\n"scram" "secret\n', ":2: a line of it is"), ('"scram"\n', ":1: a line of it is"),
    ('"" "secret"\n', "a user's name has"), ('"%s" "x"\n' % ("n" * 64), "a user's name has"),
    ('"a" "1"\n"b" "2"\n"a" "3"\n', ":3: this user is given twice"),
    ('"a" "%s"\n' % ("p" * 1025), "longer than 1024"),
    ('"a" "b"\0\n', "is no text")], ids=range(9))
def test_a_file_with_an_error_names_its_line(server, tmp_path, text, reason):  # noqa: F811
    path = tmp_path / "bad.txt"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(AssertionError, match=reason):
        with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres",
                       security={"auth_file": str(path)}, drain_ms=500):
            pass


def test_the_daemon_checks_logins(server, kept, tmp_path):  # noqa: F811
    port = processes.free_port()
    conf = tmp_path / "slowburn.conf"
    path = user_list(tmp_path / "userlist.txt", {"scram": kept["scram"]})
    conf.write_text(f"[postgres checked]\nlisten = {port}\nupstream = 127.0.0.1:{server.port}\n"
                    f"auth_file = {path}\n")
    with Slowburn(os.environ["SLOWBURN_BINARY"], str(tmp_path), server.port,
                  more=["-c", str(conf)]) as running:
        assert eventually(lambda: log_in(psycopg, port, "scram", sslmode="disable") is None)
        running.wait_until_watching()
        assert "failed" in log_in(psycopg, port, "trust", sslmode="disable")
        assert eventually(lambda: running.document("status")["proxy"]["logins_refused"] >= 1)
        user_list(path, {"trust": "secret"})
        running.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: log_in(psycopg, port, "trust", sslmode="disable") is None)
    done = subprocess.run([running.binary, "check-config", str(conf)], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
