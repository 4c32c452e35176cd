"""Keys and passwords of a stack: made once, kept as Pulumi secrets. Each resource is created and never edited."""

import secrets
from pathlib import Path
from typing import Any

import pulumi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from amanat.certificates import Issued, days_left, load, new_authority, new_client
from amanat.errors import AmanatError
from amanat.files import write_private
from amanat.gpg import GpgFailed, gpg_home
from amanat.paths import StackPaths

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
        issued = new_authority(f"Amanat {props['stack_id']} authority", CA_DAYS)
        outs = {**props, "certificate": issued.certificate_pem, "private_key": issued.key_pem}
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
        authority = Issued.from_pem(props["ca_certificate"], props["ca_private_key"])
        issued = new_client(props["common_name"], authority, int(props["days"]))
        outs = {**props, "certificate": issued.certificate_pem, "private_key": issued.key_pem}
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

    def __init__(self, name: str, paths: StackPaths, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {
            "stack_id": paths.stack_id,
            "directory": str(paths.sealing),
            "public_key": None,
            "fingerprint": None,
        }
        super().__init__(_SealingKeys(), name, props, opts)

    def described(self, paths: StackPaths) -> dict[str, pulumi.Input[str]]:
        """Which key it is, and where its private half was put."""
        return {"fingerprint": self.fingerprint, "private_half": str(paths.sealing_private_key)}


def make_sealing_key(owner: str) -> tuple[str, str, str]:
    """A new RSA-3072 OpenPGP pair (pgcrypto opens no elliptic ones).

    Returns its fingerprint, the armoured public half and the armoured private half.
    Raises `SealingKeyNotMade` with gpg's words.
    """
    user = f"Amanat {owner} sealing"
    # The empty passphrase is given because the file itself is the secret, mode 0600 in a private directory.
    with gpg_home() as gpg:
        try:
            gpg.run("--quick-gen-key", user, "rsa3072", "cert", "never", seconds=KEY_SECONDS)
            listing = gpg.run("--with-colons", "--list-keys").decode()
            fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr:"))
            gpg.run("--quick-add-key", fingerprint, "rsa3072", "encr", "never", seconds=KEY_SECONDS)
            public = gpg.run("--armor", "--export", fingerprint).decode()
            private = gpg.run("--armor", "--export-secret-keys", fingerprint).decode()
        except GpgFailed as error:
            raise SealingKeyNotMade(
                what=f"gpg makes no sealing key: {error.what}",
                where="gpg",
                fix="Make `gpg --quick-gen-key` work as this user (gpg-agent may be a package of its own), run again.",
            ) from error
    return fingerprint, public, private


def _secret(opts: pulumi.ResourceOptions | None, *outputs: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=list(outputs)))


def _expires_soon(certificate_pem: str, days: float) -> bool:
    return days_left(load(certificate_pem)) < min(CLIENT_RENEW_DAYS, days / 2)
