"""Certificates as RFC 5280 wants them: an authority signs end entities only, a client's is for clients only."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from amanat.certificates import (
    Issued,
    days_left,
    lifetime_days,
    load,
    new_authority,
    new_client,
    strength_bits,
)


@pytest.fixture(scope="module")
def authority():
    return new_authority("Test authority", 30)


@pytest.fixture(scope="module")
def client(authority):
    return new_client("archive_writer", authority, 2)


def extension(issued, kind):
    return issued.certificate.extensions.get_extension_for_class(kind)


def test_an_authority_signs_end_entities_and_nothing_else(authority):
    assert extension(authority, x509.BasicConstraints).critical
    assert extension(authority, x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    usage = extension(authority, x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)


def test_a_clients_certificate_is_its_authoritys_and_for_clients(authority, client):
    client.certificate.verify_directly_issued_by(authority.certificate)
    assert extension(client, x509.BasicConstraints).value.ca is False
    assert list(extension(client, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    named = extension(client, x509.AuthorityKeyIdentifier).value.key_identifier
    assert named == extension(authority, x509.SubjectKeyIdentifier).value.digest
    assert client.certificate.subject.rfc4514_string() == "CN=archive_writer"


def test_what_is_written_as_pem_is_read_again(authority, client):
    again = Issued.from_pem(authority.certificate_pem, authority.key_pem)
    assert again.certificate == authority.certificate
    new_client("other", again, 1).certificate.verify_directly_issued_by(authority.certificate)
    assert load(client.certificate_pem) == client.certificate


def test_an_authoritys_key_of_another_kind_is_refused(authority):
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(TypeError):
        Issued.from_pem(authority.certificate_pem, other.decode())


def test_how_long_it_lives_and_lived_is_told_in_days(client):
    assert lifetime_days(client.certificate) == pytest.approx(2, abs=0.01)
    assert days_left(client.certificate) == pytest.approx(2, abs=0.01)
    assert client.certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(minutes=4)


class Shown:
    """A certificate of which only the key counts."""

    def __init__(self, key):
        self.public_key = key.public_key


@pytest.mark.parametrize(
    ("key", "bits"),
    [
        (ec.generate_private_key(ec.SECP384R1()), 192),
        (ec.generate_private_key(ec.SECP256R1()), 128),
        (ed25519.Ed25519PrivateKey.generate(), 128),
        (rsa.generate_private_key(65537, 3072), 128),
        (rsa.generate_private_key(65537, 1024), 0),  # noqa: S505 - a weak one is wanted
    ],
    ids=["P-384", "P-256", "Ed25519", "RSA-3072", "RSA-1024"],
)
def test_a_key_is_as_strong_as_nist_says(key, bits):
    assert strength_bits(Shown(key)) == bits
