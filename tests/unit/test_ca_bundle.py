"""The file of trusted authorities: a good one is handed on, a bad one refused with its path and the fix."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from amanat.ca_bundle import BadCaBundle
from amanat.settings import Settings


@pytest.fixture(scope="module")
def authority():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def test_the_trusted_authorities_are_read_from_the_project(tmp_path, authority):
    (tmp_path / "ca.pem").write_text(authority[0], encoding="ascii")
    assert Settings().trusted_ca(tmp_path) == ""
    assert Settings(trusted_ca_file="ca.pem").trusted_ca(tmp_path) == authority[0]
    assert Settings(trusted_ca_file=str(tmp_path / "ca.pem")).trusted_ca(tmp_path / "else") == authority[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("", "holds no PEM certificate"),
        ("words", "holds no PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no PEM certificate"),
        ("گواهی", "is not a PEM file"),
        ("both", "holds a private key"),
    ],
)
def test_a_bad_file_of_authorities_is_refused(tmp_path, authority, content, said):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text("".join(authority) if content == "both" else content, encoding="utf-8")
    with pytest.raises(BadCaBundle) as refused:
        Settings(trusted_ca_file="ca.pem").trusted_ca(tmp_path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "Set amanat:trusted_ca_file to" in str(refused.value)
