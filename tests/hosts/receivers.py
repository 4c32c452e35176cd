"""Outside services in tests, on an address of the controller: a webhook, a smarthost and a server of time stamps."""

import http.server
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amanat import certificates
from amanat.files import write_private


class Received:
    """What came in: posted documents and letters, in their order."""

    def __init__(self) -> None:
        self.posted: list[dict] = []
        self.letters: list[str] = []

    def told(self, alert: str, status: str) -> bool:
        """Whether both ways told that an alert is `firing` or `resolved`."""
        posted = any(
            one["status"] == status and one["labels"]["alertname"] == alert
            for document in self.posted
            for one in document["alerts"]
        )
        subject = f"[{status.upper()}"
        mailed = any(subject in letter and alert in letter for letter in self.letters)
        return posted and mailed


def make_certificate(address: str, directory: Path) -> tuple[Path, Path, Path]:
    """An authority, and a pair that it signed for an address: paths of (authority, certificate, key)."""
    authority = certificates.new_authority("Receivers of a test", 30)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    made = certificates.Issued(signed, key)
    texts = {
        "authority.pem": authority.certificate_pem,
        "receivers.pem": made.certificate_pem,
        "receivers.key": made.key_pem,
    }
    for name, text in texts.items():
        write_private(directory / name, text)
    return directory / "authority.pem", directory / "receivers.pem", directory / "receivers.key"


@contextmanager
def receivers(
    address: str, ports: tuple[int, int, int], pair: tuple[Path, Path], stamp: Callable[[bytes], bytes]
) -> Iterator[Received]:
    """At ports of an address, while the block runs: a webhook, a smarthost, and a server of time stamps.

    `pair`: certificate and key of all three; `stamp`: the reply of RFC 3161 to a query, both DER.
    """
    received = Received()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*pair)

    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing is printed."""

    class TimeStamps(Webhook):
        def do_POST(self) -> None:
            reply = stamp(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

    class Smarthost(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _converse(self.request, tls, received)

    with ExitStack() as ending:
        for handler, port in zip((Webhook, Smarthost, TimeStamps), ports, strict=True):
            server = socketserver.ThreadingTCPServer((address, port), handler, bind_and_activate=False)
            server.allow_reuse_address = True
            server.daemon_threads = True
            ending.callback(server.server_close)
            server.server_bind()
            server.server_activate()
            if handler is not Smarthost:
                server.socket = tls.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ending.callback(server.shutdown)
        yield received


def _converse(connection: socket.socket, tls: ssl.SSLContext, received: Received) -> None:
    """As much of SMTP (RFC 5321, 3207) as a client of a smarthost speaks; letters are taken after STARTTLS only."""
    is_secure = isinstance(connection, ssl.SSLSocket)

    def say(text: str) -> None:
        connection.sendall(f"{text}\r\n".encode())

    if not is_secure:
        say("220 sink")
    with connection.makefile("rb") as reader:
        while line := reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                say("250 sink" if is_secure else "250-sink\r\n250 STARTTLS")
            elif word == b"STARTTLS":
                say("220 go")
                with tls.wrap_socket(connection, server_side=True) as secured:
                    _converse(secured, tls, received)
                return
            elif word == b"DATA" and is_secure:
                say("354 go")
                letter = b""
                while (part := reader.readline()) not in (b".\r\n", b""):
                    letter += part
                received.letters.append(letter.decode())
                say("250 taken")
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 fine" if is_secure else "530 TLS first")
