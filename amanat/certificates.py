"""X.509 certificates (RFC 5280): authorities, the client certificates they sign, and how to read one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLOCKS_DIFFER = timedelta(minutes=5)
# NIST SP 800-57 part 1, table 2: modulus bits -> bits of security
_RSA_STRENGTH = ((15360, 256), (7680, 192), (3072, 128), (2048, 112))


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> str:
        """The certificate in PEM form."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key in PEM form (PKCS #8), under no passphrase."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @classmethod
    def from_pem(cls, certificate: str, key: str) -> "Issued":
        """What was written as PEM. Raises TypeError for a key that isn't an elliptic-curve one."""
        loaded = serialization.load_pem_private_key(key.encode(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError("an authority of ours has an elliptic-curve key")
        return cls(load(certificate), loaded)


def load(pem: str) -> x509.Certificate:
    """The certificate that a PEM text holds."""
    return x509.load_pem_x509_certificate(pem.encode())


def new_authority(common_name: str, days: int) -> Issued:
    """A certificate authority that signs end entities only, on P-384."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _name(common_name)
    certificate = (
        _builder(name, name, key, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA384())
    )
    return Issued(certificate, key)


def new_client(common_name: str, authority: Issued, days: int) -> Issued:
    """A certificate that a TLS client shows, on P-256, signed by `authority`."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _builder(_name(common_name), issuer.subject, key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(authority.key, hashes.SHA384())
    )
    return Issued(certificate, key)


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
    return (certificate.not_valid_after_utc - certificate.not_valid_before_utc) / timedelta(days=1)


def days_left(certificate: x509.Certificate) -> float:
    """How long it is still valid."""
    return (certificate.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=1)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
