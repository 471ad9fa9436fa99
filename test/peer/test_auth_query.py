# SPDX-License-Identifier: Apache-2.0
"""Secrets that slowburn asks the server for (auth_query): changed, missing and many of them, and
what it says when they cannot be had. test_auth_file.py has every method and pair of legs."""
import contextlib
import os
import socket
import subprocess
import threading

import psycopg
import pytest

from test.harness import processes
from test.peer.test_auth_file import (ASKING, asker, first_message,  # noqa: F401 (a fixture)
                                      last_message, proxy_with, salt_of_a_stranger)
from test.peer.test_login import log_in, server  # noqa: F401 (a fixture)
from test.peer.test_tls import eventually, files  # noqa: F401 (a fixture)
from test.peer.wire import Wire, message, query, sqlstate


@contextlib.contextmanager
def role(server, name, password):  # noqa: F811
    quoted = password.replace("'", "''")
    server.sql(f"set password_encryption = 'scram-sha-256'; create role {name} login "
               f"password '{quoted}' in role scrammed")
    try:
        yield
    finally:
        server.sql(f"drop role {name}")


def asking_proxy(server, tmp_path, **more):  # noqa: F811
    return proxy_with(server, tmp_path, {"asker": more.pop("password", "asks")},
                      **{**ASKING, **more})


def test_a_changed_password_counts_after_a_login_that_failed(server, tmp_path):  # noqa: F811
    with role(server, "changing", "first"), \
            asking_proxy(server, tmp_path, workers=1) as proxy:
        assert log_in(psycopg, proxy.port, "changing", password="first", sslmode="disable") is None
        server.sql("alter role changing password 'second'")
        assert "password authentication failed" in log_in(
            psycopg, proxy.port, "changing", password="second", sslmode="disable")
        assert eventually(lambda: log_in(psycopg, proxy.port, "changing", password="second",
                                         sslmode="disable") is None)
        server.sql("alter role changing password 'third'")
        # The client has the old one and the server another: it is not let in with what is kept.
        error = log_in(psycopg, proxy.port, "changing", password="second", sslmode="disable")
        assert "is not the one that slowburn has" in error
        assert eventually(lambda: log_in(psycopg, proxy.port, "changing", password="third",
                                         sslmode="disable") is None)


def test_who_has_no_secret_is_asked_as_everybody_is(server, tmp_path):  # noqa: F811
    server.sql("create role without login in role trusted; create role nobody in role trusted")
    try:
        with asking_proxy(server, tmp_path) as proxy:
            strangers = ("nobody", "without", "postgres")
            assert len({salt_of_a_stranger(proxy, user) for user in strangers}) == 3
            assert "auth_query_failed" not in proxy.read_log()
    finally:
        server.sql("drop role without; drop role nobody")


def test_many_at_once_are_asked_for_over_one_connection(server, tmp_path):  # noqa: F811
    users = [f"one_of_many_{i}" for i in range(20)]
    with contextlib.ExitStack() as stack:
        for user in users:
            stack.enter_context(role(server, user, "secret"))
        server.sql("drop table if exists asked; create table asked (at_once int); "
                   "grant insert, select on asked to asker")
        query = ("with noted as (insert into asked select count(*) from pg_stat_activity "
                 "where usename = 'asker') select * from secret_of($1)")
        proxy = stack.enter_context(asking_proxy(server, tmp_path, workers=1, auth_query=query))
        errors = []
        threads = [threading.Thread(target=lambda u=user: errors.append(
            log_in(psycopg, proxy.port, u, sslmode="disable"))) for user in users * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == [None] * len(threads)
        assert eventually(lambda: server.sql("select count(*) from pg_stat_activity where "
                                             "usename = 'asker'") == "0\n")
        assert server.sql("select count(*), max(at_once) from asked") == "20|1\n"


@pytest.mark.parametrize("settings", [{"search_path": "theirs"},
                                      {"options": "-c search_path=theirs,public"}])
def test_a_clients_settings_are_not_the_querys(server, tmp_path, settings):  # noqa: F811
    """search_path in a startup packet would choose whose function is asked (CVE-2025-12819)."""
    server.sql("create schema theirs; grant usage on schema theirs to public; "
               "create function theirs.secret_of(name text, out rolname text, out rolpassword text) "
               "returns setof record language sql as $$ select name, 'known' $$")
    try:
        with role(server, "watchful", "secret"), asking_proxy(server, tmp_path) as proxy:
            for password, kind in ((b"known", b"E"), (b"secret", b"Z")):
                with Wire(proxy.port, login=False) as w:
                    w.parameters = {"user": "watchful", "database": "postgres", **settings}
                    w.send(w.startup())
                    w.until(b"R")
                    w.send(first_message())
                    w.send(last_message(password, w.until(b"R")[-1][1][4:]))
                    heard = w.until(b"Z", b"E")
                    assert heard[-1][0] == kind, heard
                    if kind == b"Z":  # its own session has them
                        assert w.ask("show search_path")[0][0].startswith("theirs")
    finally:
        server.sql("drop schema theirs cascade")


def test_what_a_client_says_too_early_waits(server, tmp_path):  # noqa: F811
    """Both sides have spoken before there is a secret: each is heard in its turn."""
    with asking_proxy(server, tmp_path) as proxy, Wire(proxy.port, login=False) as w:
        w.parameters["user"] = "scram"
        w.send(w.startup() + query("select 1"))
        heard = w.until()
        assert [kind for kind, _ in heard] == [b"R", b"E"] and sqlstate(heard) == "08P01", heard


@pytest.mark.parametrize("password, also", [
    ("pässwörd", None),
    ("\u2168 \u00aa", "IX a"),        # SASLprep says that these are the same
    ("soft\u00adhyphen", "softhyphen"),
    ("a\u0308o\u0308", "\u00e4\u00f6"),
    ("new \u0221 letter", None),       # it does not allow that one: the bytes count
    ("a\u0308 \u0340", None),          # PostgreSQL does not either, RFC 4013 would
    ("a\u0308 \u05d0", None),          # left to right and right to left
    ("\u2135x", None),                 # not in the order of RFC 4013
], ids=["letters", "compatibility", "mapped_to_nothing", "composed", "not_allowed", "deprecated",
        "both_directions", "becomes_both_directions"])
def test_passwords_beyond_ascii(server, tmp_path, password, also):  # noqa: F811
    """From pg_authid's secret, and from the password itself, both legs are as PostgreSQL's own,
    whatever the password is."""
    with role(server, "foreign_words", password):
        kept = server.sql("select rolpassword from pg_authid where rolname = 'foreign_words'").strip()
        told = {**ASKING, "auth_query": f"select $1::text, '{password}'"}
        for folder, secrets, asking in (("file", {"foreign_words": kept}, {}),
                                        ("itself", {"foreign_words": password}, {}),
                                        ("query", {"asker": "asks"}, ASKING),
                                        ("asked", {"asker": "asks"}, told)):
            with proxy_with(server, tmp_path / folder, secrets, **asking) as proxy:
                for port in (server.port, proxy.port):
                    assert log_in(psycopg, port, "foreign_words", password=password,
                                  sslmode="disable") is None
                    error = log_in(psycopg, port, "foreign_words", password=also or password + "x",
                                   sslmode="disable")
                    assert (error is None) == (also is not None), error


@pytest.mark.parametrize("more, reason", [
    ({"password": "wrong"}, "does not let auth_user in"),
    ({"auth_dbname": "nowhere"}, "does not let auth_user in"),
    ({"auth_query": "select from nowhere where $1 = ''"}, "cannot run it"),
    ({"auth_query": "select rolname, rolpassword from pg_authid where rolname = $1"},
     "cannot run it"),
    ({"auth_query": "select $1::text"}, "not a name and a secret"),
    ({"auth_query": "select 'postgres', $1::text"}, "other users"),
    ({"auth_query": "select $1::text, 'x' from generate_series(1, 2)"}, "other users"),
    ({"auth_query": "select $1::text, repeat('x', 5000)"}, "too long"),
    ({"auth_query": "select $1::text, 'SCRAM-SHA-256$4096:x'"}, "cannot be used"),
], ids=range(9))
def test_what_is_wrong_with_the_query_is_said(server, tmp_path, more, reason):  # noqa: F811
    with role(server, "unlucky", "secret"), asking_proxy(server, tmp_path, **more) as proxy:
        for _ in range(2):
            with pytest.raises(psycopg.OperationalError, match=reason) as error:
                psycopg.connect(host="127.0.0.1", port=proxy.port, user="unlucky",
                                password="secret", dbname="postgres", sslmode="disable")
            assert "slowburn: auth_query: " in str(error.value)
        assert "login_refused" in proxy.read_log()
        # Nobody else minds.
        assert "password authentication failed" in log_in(psycopg, proxy.port, "asker",
                                                          sslmode="disable")


@pytest.mark.parametrize("says, reason", [
    (None, "does not answer"), (b"", "does not answer"),
    (message(b"E", b"SFATAL\0C57P03\0Mstarting\0\0"), "starting up"),
    (message(b"E", b"SFATAL\0C53300\0Mfull\0\0"), "no connection"),
    (message(b"R", b"\0\0\0\x07"), "nobody can do"),
    (message(b"R", b"\0\0\0\x0a" + b"x" * 3000), "too long"),
], ids=["silent", "gone", "starting", "full", "gss", "long"])
def test_a_server_that_does_not_answer_is_said_so(tmp_path, says, reason):
    """The client's own connection is asked for a login; the other one gets this."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        listener.settimeout(60)

        def serve():
            with contextlib.suppress(OSError):
                for _ in range(2):
                    connection = stack.enter_context(listener.accept()[0])
                    connection.settimeout(60)
                    if b"asker" in connection.recv(1000):
                        if says is None:
                            continue
                        connection.sendall(says)
                        if says == b"":
                            connection.close()
                    else:
                        connection.sendall(message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0"))
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        server = type("", (), {"port": listener.getsockname()[1]})  # noqa: F811
        with asking_proxy(server, tmp_path, server_tls="disable") as proxy:
            assert reason in log_in(psycopg, proxy.port, "anybody", sslmode="disable")
        thread.join(60)


def test_the_file_has_to_have_the_role(server, tmp_path):  # noqa: F811
    for secret in ({}, {"asker": "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo"
                                 "7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPw"
                                 "Dl2dU="}):
        with pytest.raises(AssertionError, match="auth_user needs its password"):
            with proxy_with(server, tmp_path / str(len(secret)), secret, **ASKING):
                pass


def test_check_config_wants_what_belongs_together(tmp_path):
    conf = tmp_path / "slowburn.conf"
    conf.write_text(f"[postgres checked]\nlisten = {processes.free_port()}\n"
                    f"upstream = 127.0.0.1:5432\nauth_query = select 1\nauth_file = x\n")
    done = subprocess.run([os.environ["SLOWBURN_BINARY"], "check-config", str(conf)], text=True,
                          capture_output=True, check=False)
    assert done.returncode != 0 and "auth_query needs auth_user" in done.stderr
