"""Try to get into a TLS service of another host without the right certificate, and print what happened as JSON.

    probe-tls HOST PORT

Needs no rights. The service's own certificate is verified, so it is the right one that refuses. With TLS 1.3 a
refusal shows at the first read only: each attempt reads, says a few bytes and reads again.
"""

from __future__ import annotations

import argparse
import datetime
import os
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amanat_host.answers.system import TlsAttempt, TlsAttempts
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError

AUTHORITY = "/etc/amanat/pki/ca.crt"
SECONDS = 5
GREETING_SECONDS = 1
MOST = 4096
SAID = b"GET / HTTP/1.0\r\n\r\n"  # a web server answers it; others take it for nonsense


def context() -> ssl.SSLContext:
    """What a client of the stack trusts."""
    return ssl.create_default_context(cafile=AUTHORITY)


def with_foreign_certificate() -> ssl.SSLContext:
    """With a certificate of nobody's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    client = context()
    pair = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.memfd_create("pair"), "wb") as unnamed:  # OpenSSL wants a file; this one is on no disk
        unnamed.write(pair + made.public_bytes(serialization.Encoding.PEM))
        unnamed.flush()
        client.load_cert_chain(f"/proc/self/fd/{unnamed.fileno()}")
    return client


def with_old_protocol() -> ssl.SSLContext:
    """Nothing newer than TLS 1.2."""
    client = context()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    return client


def greeting(wrapped: ssl.SSLSocket) -> bytes:
    """What a server says unasked. Read before we speak: a server that hangs up on unread words takes its own along."""
    wrapped.settimeout(GREETING_SECONDS)
    try:
        return wrapped.recv(MOST)
    except TimeoutError:
        return b""
    finally:
        wrapped.settimeout(SECONDS)


def attempt(client: ssl.SSLContext, host: str, port: int) -> TlsAttempt:
    """Connect, say something, read; returns how far it got. Raises `OSError` where nothing listens."""
    handshake, version, received, complaint = False, "", b"", ""
    with socket.create_connection((host, port), timeout=SECONDS) as plain:
        try:
            with client.wrap_socket(plain, server_hostname=host) as wrapped:
                handshake, version = True, wrapped.version() or ""
                received += greeting(wrapped)
                wrapped.sendall(SAID)
                while len(received) < MOST and (more := wrapped.recv(MOST)):
                    received += more
        except OSError as error:
            complaint = str(error)
    return TlsAttempt(handshake, version, received.decode("ascii", "backslashreplace"), complaint)


@program
def main() -> None:
    """Try all, and print what happened."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    where = (given.host, given.port)
    try:
        answer = TlsAttempts(
            no_certificate=attempt(context(), *where),
            foreign_certificate=attempt(with_foreign_certificate(), *where),
            old_protocol=attempt(with_old_protocol(), *where),
        )
    except OSError as error:
        raise HostError(f"{given.host}:{given.port}: {error}") from error
    print_json(answer)
