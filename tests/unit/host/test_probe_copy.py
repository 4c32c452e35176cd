"""Where copies go: a server that doesn't answer is told within seconds, whether it is gone, hangs or only refuses."""

import socket
import ssl
import threading
from contextlib import contextmanager

import pytest

from amanat.audit.untrusted_ca import make_certificate
from amanat_host.errors import HostError
from amanat_host.restic import probe_client


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """The probe, with its places and authority in a directory of the test's own, and the server's certificate."""
    certificate, key, authority = make_certificate(tmp_path, "vault")
    monkeypatch.setattr(probe_client, "OWN", tmp_path)
    monkeypatch.setattr(probe_client, "AUTHORITY", authority)
    monkeypatch.setattr(probe_client, "CONNECT_SECONDS", 0.5)
    return certificate, key


@pytest.fixture
def place(tmp_path):
    """place(port): where copies go from now on."""
    return lambda port: (tmp_path / "first").write_text(f"rest:https://store:hush@127.0.0.1:{port}/store/\n")


@contextmanager
def listening(answer=None):
    """A port where calls are taken; `answer(connection)` does the rest, or nobody does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: answer(server.accept()[0]), daemon=True)
        if answer:
            thread.start()
        yield server.getsockname()[1]
        if answer:
            thread.join(10)


def test_a_server_that_hangs_does_not_answer(probe, place):
    with listening() as port:
        place(port)
        with pytest.raises(HostError, match=rf"127.0.0.1:{port}, where copies go, does not answer") as told:
            probe_client.knock()
    assert "hush" not in str(told.value)


def test_a_server_that_is_gone_does_not_answer(probe, place):
    with listening() as port:
        pass
    place(port)
    with pytest.raises(HostError, match="does not answer: .*refused"):
        probe_client.knock()


def speaks_tls(probe):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*probe)

    def answer(connection):
        with connection:
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                return

    return answer


def hangs_up(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.recv(1)
    connection.close()


def speaks_plainly(connection):
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(4096)


@pytest.mark.parametrize("kind", ["tls", "hangs up", "plain"])
def test_a_server_that_says_anything_is_there(probe, place, kind):
    answer = {"tls": speaks_tls(probe), "hangs up": hangs_up, "plain": speaks_plainly}[kind]
    with listening(answer) as port:
        place(port)
        assert probe_client.knock() is None


def test_each_place_is_asked_before_restic_is(probe, place, tmp_path, monkeypatch):
    (tmp_path / "second").write_text("rest:https://store:hush@127.0.0.1:1/store/\n")
    settings = probe_client.Settings("store", "vault", 1, ("second",), (), ())
    monkeypatch.setattr(probe_client, "Restic", lambda *given: pytest.fail("restic was called"))
    with pytest.raises(HostError, match="127.0.0.1:1, where copies go"):
        probe_client.newest(None, settings)
