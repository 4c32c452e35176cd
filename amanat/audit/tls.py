"""The certificate a PostgreSQL server shows, read as any client would before it logs in."""

import socket
import ssl
import struct
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from amanat.audit.errors import NotChecked

SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL manual, 54.7
CONNECT_SECONDS = 10
# NIST SP 800-57 part 1, table 2: modulus bits -> bits of security
_RSA_STRENGTH = ((15360, 256), (7680, 192), (3072, 128), (2048, 112))


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


def strength_bits(certificate: x509.Certificate) -> int:
    """The bits of security of a certificate's key; 0 for a kind that we don't know."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size // 2
    if isinstance(key, ed25519.Ed25519PublicKey):
        return 128
    if isinstance(key, rsa.RSAPublicKey):
        return next((bits for size, bits in _RSA_STRENGTH if key.key_size >= size), 0)
    return 0


def lifetime_days(certificate: x509.Certificate) -> float:
    """How long it is valid in all."""
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc).total_seconds() / 86400


def days_left(certificate: x509.Certificate) -> float:
    """How long it is still valid."""
    return (certificate.not_valid_after_utc - datetime.now(UTC)).total_seconds() / 86400
