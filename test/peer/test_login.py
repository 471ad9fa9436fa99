# SPDX-License-Identifier: Apache-2.0
"""Every way to log in, through every pair of legs: plain or TLS towards the client, plain or TLS
towards the server, with a certificate of our own or the server's."""
import psycopg
import psycopg2
import pytest

from test.harness import postgres as harness
from test.peer.proxy_host import ProxyHost
from test.peer.records import Records
from test.peer.test_tls import files  # noqa: F401 (a fixture)

METHODS = ["trust", "password", "md5", "scram", "cert"]
HBA = """
host all postgres all trust
host all trust all trust
host all password all password
host all md5 all md5
host all scram all scram-sha-256
hostssl all cert all cert
host all +trusted all trust
host all +scrammed all scram-sha-256
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, files):  # noqa: F811
    settings = (f"ssl = on\nssl_cert_file = '{files.server.cert}'\n"
                f"ssl_key_file = '{files.server.key}'\nssl_ca_file = '{files.ca.cert}'\n")
    files.cert_user = files.ca.issue("cert", file="cert_user")
    with harness.Postgres(harness.reachable(tmp_path_factory.mktemp("postgres_login")), settings,
                          HBA) as running:
        running.sql("""
            set password_encryption = 'md5';
            create role md5 login password 'secret';
            set password_encryption = 'scram-sha-256';
            create role scram login password 'secret';
            create role password login password 'secret';
            create role trust login;
            create role cert login;
            create role trusted;
            create role scrammed;
        """)
        yield running


def log_in(driver, port, user, password="secret", **more):
    """Returns an error's text, or None when a query was answered."""
    arguments = {"host": "127.0.0.1", "port": port, "user": user, "password": password,
                 "dbname": "postgres", **more}
    try:
        connection = driver.connect(**arguments)
    except (psycopg.OperationalError, psycopg2.OperationalError) as error:
        return str(error)
    with connection.cursor() as cursor:
        cursor.execute("select current_user, (select ssl from pg_stat_ssl "
                       "where pid = pg_backend_pid())")
        assert cursor.fetchone()[0] == user
    connection.close()
    return None


def expected_of(client_tls, server_tls, certificate, method, binding):
    """What an error says, or None for success."""
    if method == "cert":
        return None if server_tls else "no pg_hba.conf entry"
    if method != "scram":
        return None if binding != "require" else "channel binding"
    if binding == "require":
        if client_tls and server_tls:
            return None if certificate == "the server's" else "channel_binding=disable"
        return "channel binding"
    if client_tls and server_tls and certificate == "our own" and binding == "prefer":
        return "channel_binding=disable"
    return None


@pytest.mark.parametrize("certificate", ["our own", "the server's"])
@pytest.mark.parametrize("server_tls", [False, True], ids=["plain_server", "tls_server"])
@pytest.mark.parametrize("client_tls", [False, True], ids=["plain_client", "tls_client"])
def test_every_login_through_every_pair_of_legs(server, files, tmp_path,  # noqa: F811
                                                client_tls, server_tls, certificate):
    shown = files.proxy if certificate == "our own" else files.server_for_us
    security = {"tls_cert": shown.cert, "tls_key": shown.key,
                "server_tls": "require" if server_tls else "disable",
                "server_tls_cert": files.cert_user.cert, "server_tls_key": files.cert_user.key}
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres", security=security,
                   drain_ms=500) as proxy:
        records = Records(proxy)
        logins = 0
        for method in METHODS:
            for binding in ("disable", "prefer", "require"):
                if method == "cert" and binding == "require":
                    continue
                for driver in (psycopg, psycopg2):
                    error = log_in(driver, proxy.ports[0], method, channel_binding=binding,
                                   sslmode="require" if client_tls else "disable")
                    wanted = expected_of(client_tls, server_tls, certificate, method, binding)
                    what = (driver.__name__, method, binding, error)
                    assert (error is None) == (wanted is None), what
                    assert wanted is None or wanted in error, what
                    logins += error is None
            if method in ("password", "md5", "scram"):
                error = log_in(psycopg, proxy.ports[0], method, password="wrong",
                               channel_binding="disable",
                               sslmode="require" if client_tls else "disable")
                assert "password authentication failed" in error
        assert len(records.seen(logins, text="current_user")) == logins
        assert "secret" not in proxy.read_log()


@pytest.mark.parametrize("mode", ["disable", "prefer"])
def test_without_any_setting_a_login_goes_as_it_would_without_us(server, tmp_path, mode):
    """The server speaks TLS and offers to bind to it; our client is not on TLS and must not hear of
    that offer."""
    with ProxyHost(str(tmp_path), [f"127.0.0.1:{server.port}"], "postgres",
                   drain_ms=500) as proxy:
        for method in ("trust", "password", "md5", "scram"):
            for driver in (psycopg, psycopg2):
                assert log_in(driver, proxy.ports[0], method, sslmode=mode) is None, method
