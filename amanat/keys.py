"""Keys and passwords of a stack: made once, kept as Pulumi secrets. Each resource is created and never edited."""

import secrets
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat import processes
from amanat.errors import AmanatError
from amanat.places import Places, write_private

CA_DAYS = 3650
CLIENT_RENEW_DAYS = 30
KEY_SECONDS = 600.0  # a machine short of randomness or time


class SealingKeyNotMade(AmanatError):
    """gpg refused."""


class _MadeOnce(ResourceProvider):
    """A provider whose resource is remade only when its inputs change."""

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        inputs = {key: value for key, value in news.items() if not key.startswith("__") and value is not None}
        changed = [key for key, value in inputs.items() if olds.get(key) != value]
        return DiffResult(changes=bool(changed), replaces=changed, delete_before_replace=False)


class _SshKeyPairs(_MadeOnce):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = ed25519.Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        ).decode()
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        outs = {**props, "private_key": private, "public_key": f"{public.decode()} {props['comment']}"}
        return CreateResult(id_=secrets.token_hex(8), outs=outs)


class SshKeyPair(Resource, module="amanat", name="SshKeyPair"):
    """An Ed25519 key pair in OpenSSH's format (RFC 8709)."""

    private_key: pulumi.Output[str]
    public_key: pulumi.Output[str]

    def __init__(self, name: str, comment: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"comment": comment, "private_key": None, "public_key": None}
        super().__init__(_SshKeyPairs(), name, props, _secret(opts, "private_key"))


class _Authorities(_MadeOnce):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = ec.generate_private_key(ec.SECP384R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Amanat {props['stack_id']} authority")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=CA_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(sign_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA384())
        )
        outs = {**props, "certificate": _pem(certificate), "private_key": _key_pem(key)}
        return CreateResult(id_=secrets.token_hex(8), outs=outs)


class Authority(Resource, module="amanat", name="Authority"):
    """The stack's own certificate authority (RFC 5280); it signs host, service and client certificates only."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(self, name: str, stack_id: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"stack_id": stack_id, "certificate": None, "private_key": None}
        super().__init__(_Authorities(), name, props, _secret(opts, "private_key"))


class _ClientCertificates(_MadeOnce):
    def create(self, props: dict[str, Any]) -> CreateResult:
        key = ec.generate_private_key(ec.SECP256R1())
        ca_certificate = x509.load_pem_x509_certificate(props["ca_certificate"].encode())
        ca_key = serialization.load_pem_private_key(props["ca_private_key"].encode(), password=None)
        if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
            raise TypeError("the stack's authority has an elliptic-curve key")
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, props["common_name"])]))
            .issuer_name(ca_certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=int(props["days"])))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    ca_certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
                ),
                critical=False,
            )
            .sign(ca_key, hashes.SHA384())
        )
        outs = {**props, "certificate": _pem(certificate), "private_key": _key_pem(key)}
        return CreateResult(id_=secrets.token_hex(8), outs=outs)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        wanted = super().diff(_id, olds, news)
        if not wanted.changes and _expires_soon(olds["certificate"], float(news["days"])):
            return DiffResult(changes=True, replaces=["certificate"], delete_before_replace=False)
        return wanted


class ClientCertificate(Resource, module="amanat", name="ClientCertificate"):
    """A certificate that a PostgreSQL client shows; its common name is the role's (PostgreSQL manual, 20.12)."""

    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        common_name: str,
        authority: Authority,
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "common_name": common_name,
            "days": days,
            "ca_certificate": authority.certificate,
            "ca_private_key": authority.private_key,
            "certificate": None,
            "private_key": None,
        }
        super().__init__(_ClientCertificates(), name, props, _secret(opts, "private_key", "ca_private_key"))


class _RandomSecrets(_MadeOnce):
    def create(self, props: dict[str, Any]) -> CreateResult:
        value = secrets.token_hex(int(props["bytes"]))
        return CreateResult(id_=secrets.token_hex(8), outs={**props, "value": value})


class RandomSecret(Resource, module="amanat", name="RandomSecret"):
    """So many random bytes, as hexadecimal digits."""

    value: pulumi.Output[str]

    def __init__(self, name: str, length_bytes: int, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            _RandomSecrets(), name, {"bytes": length_bytes, "value": None}, _secret(opts, "value")
        )


class _SealingKeys(_MadeOnce):
    def create(self, props: dict[str, Any]) -> CreateResult:
        fingerprint, public, private = make_sealing_key(props["stack_id"])
        directory = Path(props["directory"])
        write_private(directory / f"{fingerprint}.asc", private)
        link = directory / "private.asc"
        link.unlink(missing_ok=True)
        link.symlink_to(f"{fingerprint}.asc")
        return CreateResult(id_=fingerprint, outs={**props, "public_key": public, "fingerprint": fingerprint})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        # Where the private half once was put is no reason to seal to another key.
        return super().diff(_id, olds, {"stack_id": news["stack_id"]})


class SealingKey(Resource, module="amanat", name="SealingKey"):
    """The OpenPGP key messages are sealed to. Its private half goes to the operator, not into the state."""

    public_key: pulumi.Output[str]
    fingerprint: pulumi.Output[str]

    def __init__(self, name: str, places: Places, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {
            "stack_id": places.stack_id,
            "directory": str(places.sealing),
            "public_key": None,
            "fingerprint": None,
        }
        super().__init__(_SealingKeys(), name, props, opts)

    def described(self, places: Places) -> dict[str, pulumi.Input[str]]:
        """Which key it is, and where its private half was put."""
        return {"fingerprint": self.fingerprint, "private_half": str(places.sealing_private_key)}


def make_sealing_key(owner: str) -> tuple[str, str, str]:
    """A new RSA-3072 OpenPGP pair (pgcrypto opens no elliptic ones).

    Returns its fingerprint, the armoured public half and the armoured private half.
    Raises `SealingKeyNotMade` with gpg's words.
    """
    with tempfile.TemporaryDirectory(prefix="amanat-gpg-") as directory:
        user = f"Amanat {owner} sealing"
        _gpg(directory, "--quick-gen-key", user, "rsa3072", "cert", "never")
        listing = _gpg(directory, "--with-colons", "--list-keys")
        fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
        _gpg(directory, "--quick-add-key", fingerprint, "rsa3072", "encr", "never")
        public = _gpg(directory, "--armor", "--export", fingerprint)
        private = _gpg(directory, "--armor", "--export-secret-keys", fingerprint)
        processes.run(["gpgconf", "--homedir", directory, "--kill", "all"])
    return fingerprint, public, private


def _gpg(directory: str, *arguments: str) -> str:
    # The empty passphrase is given because the file itself is the secret, mode 0600 in a private directory.
    command = ["gpg", "--homedir", directory, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    done = processes.run([*command, *arguments], seconds=KEY_SECONDS, capture_output=True)
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"it ended {done.returncode}"]
        raise SealingKeyNotMade(
            what=f"gpg makes no sealing key: {words[-1][:200]}",
            where="gpg",
            fix="Make `gpg --quick-gen-key` work as this user (gpg-agent may be a package of its own), run again.",
        )
    return done.stdout


def _secret(opts: pulumi.ResourceOptions | None, *outputs: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=list(outputs)))


def _expires_soon(certificate_pem: str, days: float) -> bool:
    not_after = x509.load_pem_x509_certificate(certificate_pem.encode()).not_valid_after_utc
    return not_after - datetime.now(UTC) < timedelta(days=min(CLIENT_RENEW_DAYS, days / 2))


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


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
