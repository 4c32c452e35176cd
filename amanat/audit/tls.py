"""The certificate a PostgreSQL server shows, read as any client would before it logs in."""

import socket
import ssl
import struct

from cryptography import x509

from amanat.audit.errors import NotChecked

SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL manual, 54.7
CONNECT_SECONDS = 10


def postgresql_certificate(address: str, port: int) -> x509.Certificate:
    """The certificate of the server at `address`; raises `NotChecked` when it offers no TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is examined, not trusted
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS) as plain:
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) != b"S":
                raise NotChecked("PostgreSQL offers no TLS", f"{address}:{port}")
            with context.wrap_socket(plain) as wrapped:
                der = wrapped.getpeercert(binary_form=True)
    except OSError as error:
        raise NotChecked(f"no TLS handshake: {error}", f"{address}:{port}") from error
    if der is None:
        raise NotChecked("PostgreSQL shows no certificate", f"{address}:{port}")
    return x509.load_der_x509_certificate(der)
