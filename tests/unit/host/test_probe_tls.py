"""The probe that comes without the right certificate, against a server that wants one and one that doesn't."""

import datetime
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amanat_host.system import probe_tls


@pytest.fixture
def pair(tmp_path):
    """A certificate for localhost that is its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "pair.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve(pair):
    """`serve(wanted)`: a server that greets whom it lets in; gives its port."""
    listening = []

    def start(wanted):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(pair)
        context.verify_mode = wanted
        context.load_verify_locations(pair)
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def greet():
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as wrapped:
                        wrapped.sendall(b"hello\n")
                except OSError:
                    plain.close()

        threading.Thread(target=greet, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listening:
        listener.close()


@pytest.fixture
def probe(pair, monkeypatch):
    monkeypatch.setattr(probe_tls, "AUTHORITY", str(pair))
    return probe_tls


@pytest.mark.parametrize("name", ["context", "with_foreign_certificate"])
def test_a_server_that_wants_a_certificate_says_nothing(probe, serve, name):
    found = probe.attempt(getattr(probe, name)(), "localhost", serve(ssl.CERT_REQUIRED))
    assert (found.received, bool(found.error)) == ("", True)


def test_a_server_that_wants_none_is_heard(probe, serve):
    found = probe.attempt(probe.context(), "localhost", serve(ssl.CERT_NONE))
    assert (found.handshake, found.version, found.received) == (True, "TLSv1.3", "hello\n")


def test_the_old_protocol_gets_no_handshake_from_a_new_server(probe, serve):
    found = probe.attempt(probe.with_old_protocol(), "localhost", serve(ssl.CERT_NONE))
    assert not found.handshake


def test_nobody_listening_is_a_problem_and_no_refusal(probe):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        probe.attempt(probe.context(), "localhost", port)
