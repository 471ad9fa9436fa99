# SPDX-License-Identifier: Apache-2.0
"""The HTTP hop in front of an upstream that speaks HTTPS: whom it believes, and what becomes of a
request when it does not."""
import contextlib
import json
import os
import socket
import ssl
import threading

import pytest

from test.harness import certificates, processes
from test.peer.proxy_host import ProxyHost
from test.peer.test_http import Handler, Server, ask


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    ca = certificates.Authority(folder)
    other = certificates.Authority(folder, "other")
    return {"ca": ca.cert, "other": other.cert, "good": ca.issue("good", "DNS:localhost,IP:127.0.0.1"),
            "elsewhere": ca.issue("elsewhere", "DNS:shop.example")}


@contextlib.contextmanager
def https_server(certificate, protocols=("http/1.1",), ca=None):
    """port, and what clients' greetings said: the name and the protocol that was agreed on."""
    greetings = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if ca is not None:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    context.sni_callback = lambda _, name, __: greetings.append(name)

    class Https(Server):
        def handle_error(self, request, client_address):
            pass  # a handshake that the other side has refused

        def finish_request(self, request, client_address):
            request.settimeout(60)
            with context.wrap_socket(request, server_side=True) as secured:
                self.RequestHandlerClass(secured, client_address, self)

    server = Https(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], greetings
    finally:
        server.shutdown()
        server.server_close()


def hop_before(folder, upstream, **security):
    return ProxyHost(str(folder), [upstream], protocol="http", security=security, workers=1,
                     connect_timeout_ms=20_000)


def failures_of(proxy):
    return [line["reason"] for line in map(json.loads, proxy.read_log().splitlines())
            if line.get("event") == "upstream_tls_failed"]


def test_an_https_upstream_answers_the_same(files, tmp_path):
    with https_server(files["good"]) as (port, greetings):
        with hop_before(tmp_path, f"localhost:{port}", server_tls_ca=files["ca"]) as proxy:
            for method, path, body in (("GET", "/a", None), ("HEAD", "/large", None),
                                       ("GET", "/large", None), ("GET", "/chunked", None),
                                       ("GET", "/close", None), ("POST", "/p", os.urandom(3 << 20))):
                status, _, headers, text = ask(proxy.ports[0], method, path, body)
                assert status == 200 and (method == "HEAD" or text)
                if path == "/large":
                    assert dict(headers)["Content-Length"] == str(24 << 20)
                    assert method == "HEAD" or len(text) == 24 << 20
            assert set(greetings) == {"localhost"}
            assert failures_of(proxy) == []


@pytest.mark.parametrize("host,certificate,security,good", [
    ("localhost", "good", {"server_tls": "verify-full", "server_tls_ca": "ca"}, True),
    ("127.0.0.1", "good", {"server_tls": "verify-full", "server_tls_ca": "ca"}, True),
    ("localhost", "elsewhere", {"server_tls_ca": "ca"}, False),
    ("localhost", "elsewhere", {"server_tls": "verify-ca", "server_tls_ca": "ca"}, True),
    ("localhost", "good", {"server_tls": "verify-ca", "server_tls_ca": "other"}, False),
    ("localhost", "good", {"server_tls": "require", "server_tls_ca": "other"}, False),
    ("localhost", "elsewhere", {"server_tls": "require"}, True),
    ("localhost", "good", {"server_tls": "verify-ca"}, False),  # the system knows no such CA
    ("localhost", "good", {"server_tls_ca": "system"}, False)])
def test_who_is_believed(files, tmp_path, host, certificate, security, good):
    security = {key: files.get(value, value) for key, value in security.items()}
    with https_server(files[certificate]) as (port, _):
        with hop_before(tmp_path, f"{host}:{port}", **security) as proxy:
            status, _, _, text = ask(proxy.ports[0], "POST", "/x", b"secret")
            if good:
                assert status == 200 and failures_of(proxy) == []
            else:
                assert (status, b"no TLS with the application" in text) == (502, True)
                assert len(failures_of(proxy)) == 1 and "not accepted" in failures_of(proxy)[0]


def test_a_certificate_of_our_own_and_no_protocol_agreed_on(files, tmp_path):
    with https_server(files["good"], protocols=(), ca=files["ca"]) as (port, _):
        own = {"server_tls_cert": files["elsewhere"].cert, "server_tls_key": files["elsewhere"].key}
        with hop_before(tmp_path / "with", f"localhost:{port}", server_tls_ca=files["ca"],
                        **own) as proxy:
            assert ask(proxy.ports[0], "GET", "/a")[0] == 200
        with hop_before(tmp_path / "without", f"localhost:{port}",
                        server_tls_ca=files["ca"]) as proxy:
            assert ask(proxy.ports[0], "GET", "/a")[0] == 502


def test_another_address_stands_in_for_one_without_tls(files, tmp_path):
    with https_server(files["good"]) as (port, _), socket.create_server(("127.0.0.1", 0)) as plain:
        def talk():
            for _ in range(2):
                with contextlib.suppress(OSError):
                    connection, _ = plain.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 400 this is http\r\n\r\n")
        threading.Thread(target=talk, daemon=True).start()
        with hop_before(tmp_path, f"localhost:{plain.getsockname()[1]}", server_tls_ca=files["ca"],
                        upstream_fallback=f"127.0.0.1:{port}") as proxy:
            for _ in range(3):
                assert ask(proxy.ports[0], "POST", "/x", b"b" * 100_000)[0] == 200
            assert len(failures_of(proxy)) == 1  # the others did not ask it again


def test_an_upstream_that_says_nothing_is_given_up(files, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with ProxyHost(str(tmp_path), [f"127.0.0.1:{silent.getsockname()[1]}"], protocol="http",
                       security={"server_tls_ca": files["ca"]}, connect_timeout_ms=500) as proxy:
            assert ask(proxy.ports[0], "GET", "/a")[0] == 504


def test_a_renewed_ca_counts_from_then_on(files, tmp_path):
    ca = tmp_path / "ca.pem"
    with open(files["other"], encoding="ascii") as text:
        ca.write_text(text.read())
    with https_server(files["good"]) as (port, _):
        with hop_before(tmp_path, f"localhost:{port}", server_tls_ca=str(ca)) as proxy:
            assert ask(proxy.ports[0], "GET", "/a")[0] == 502
            with open(files["ca"], encoding="ascii") as text:
                ca.write_text(text.read())
            proxy.reload()
            assert ask(proxy.ports[0], "GET", "/a")[0] == 200


def test_plain_http_to_it_stays_plain(files, tmp_path):
    port = processes.free_port()
    with https_server(files["good"]) as (port, _):
        with hop_before(tmp_path, f"localhost:{port}", server_tls="disable",
                        server_tls_ca=files["ca"]) as proxy:
            assert ask(proxy.ports[0], "GET", "/a")[0] == 502
            assert failures_of(proxy) == []
