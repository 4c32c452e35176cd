"""Where copies go: a server that doesn't answer is told within seconds, whether it is gone, hangs or only refuses."""

import importlib.util
import socket
import ssl
import sys
import threading
from contextlib import contextmanager

import pytest

from amanat.audit.untrusted_ca import make_certificate
from amanat.places import PROJECT_ROOT

FILES = PROJECT_ROOT / "ansible/roles/copy/files"


def load(name, monkeypatch):
    spec = importlib.util.spec_from_file_location(name, FILES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """The probe, with its places and authority in a directory of the test's own."""
    monkeypatch.syspath_prepend(str(FILES))
    load("amanat_copy", monkeypatch)
    made = load("probe_copy", monkeypatch)
    certificate, key, authority = make_certificate(tmp_path, "vault")
    monkeypatch.setattr(made, "OWN", tmp_path)
    monkeypatch.setattr(made, "AUTHORITY", authority)
    monkeypatch.setattr(made, "CONNECT_SECONDS", 0.5)
    made.pair = (certificate, key)
    return made


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
        with pytest.raises(
            probe.Problem, match=rf"127.0.0.1:{port}, where copies go, does not answer"
        ) as told:
            probe.knock()
    assert "hush" not in str(told.value)


def test_a_server_that_is_gone_does_not_answer(probe, place):
    with listening() as port:
        pass
    place(port)
    with pytest.raises(probe.Problem, match="does not answer: .*refused"):
        probe.knock()


def speaks_tls(probe):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*probe.pair)

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
        assert probe.knock() is None


def test_each_place_is_asked_before_restic_is(probe, place, tmp_path, monkeypatch):
    (tmp_path / "second").write_text("rest:https://store:hush@127.0.0.1:1/store/\n")
    settings = probe.Settings("store", "vault", 1, ("second",), (), ())
    monkeypatch.setattr(probe, "Restic", lambda *given: pytest.fail("restic was called"))
    with pytest.raises(probe.Problem, match="127.0.0.1:1, where copies go"):
        probe.newest(None, settings)
