"""Keys: of the right kind, usable by the tools that will use them, made once and renewed before they end."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amanat import keys
from amanat.keys import _Authorities, _ClientCertificates, _RandomSecrets, _SealingKeys, _SshKeyPairs
from amanat.law import register
from tests.unit.conftest import mode


@pytest.fixture(scope="module")
def authority():
    return _Authorities().create({"stack_id": "unit-1"}).outs


@pytest.fixture(scope="module")
def wanted(authority):
    """The inputs of a client certificate."""
    return {
        "common_name": "archive_writer",
        "days": 397.0,
        "ca_certificate": authority["certificate"],
        "ca_private_key": authority["private_key"],
    }


@pytest.fixture(scope="module")
def client(wanted):
    return _ClientCertificates().create(wanted).outs


@pytest.fixture(scope="module")
def sealing(tmp_path_factory):
    """A sealing key as the operator gets it: its outputs and the directory of its private half."""
    directory = tmp_path_factory.mktemp("operator") / "sealing"
    return _SealingKeys().create({"stack_id": "unit-1", "directory": str(directory)}).outs, directory


def read(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def matches(certificate, private_key):
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    return key.public_key() == certificate.public_key()


def gpg(home, *arguments, data=b""):
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--no-tty", "--trust-model", "always"]
    return subprocess.run([*command, *arguments], input=data, capture_output=True, check=False)


@pytest.fixture
def gpg_home(tmp_path):
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def test_ssh_keys_are_what_openssh_reads(tmp_path):
    made = _SshKeyPairs().create({"comment": "deploy@unit-1"}).outs
    private = tmp_path / "key"
    private.write_text(made["private_key"], "utf-8")
    private.chmod(0o600)
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(private)], capture_output=True, text=True, check=True
    )
    assert listed.stdout.startswith("256 SHA256:")
    assert "(ED25519)" in listed.stdout
    derived = subprocess.run(
        ["ssh-keygen", "-y", "-f", str(private)], capture_output=True, text=True, check=True
    )
    assert made["public_key"].split()[:2] == derived.stdout.split()[:2]
    assert made["public_key"].endswith(" deploy@unit-1")
    assert "\n" not in made["public_key"]


def test_an_authority_signs_certificates_and_nothing_else(authority):
    certificate = read(authority["certificate"])
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    assert certificate.subject == certificate.issuer
    certificate.verify_directly_issued_by(certificate)
    assert matches(certificate, authority["private_key"])
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.key_size // 2 >= register().bound("A5-6-1-access", "key_strength_bits").min


def test_a_client_certificate_names_its_role_and_serves_clients_only(authority, client):
    certificate = read(client["certificate"])
    assert [one.value for one in certificate.subject] == ["archive_writer"]
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    certificate.verify_directly_issued_by(read(authority["certificate"]))
    assert matches(certificate, client["private_key"])
    life = certificate.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=396) < life <= timedelta(days=397)


def test_openssl_accepts_a_client_for_clients_only(tmp_path, authority, client):
    for name, text in (("ca", authority["certificate"]), ("client", client["certificate"])):
        (tmp_path / name).write_text(text, "utf-8")

    def verified(purpose):
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(tmp_path / "ca")]
        return subprocess.run(
            [*command, str(tmp_path / "client")], capture_output=True, check=False
        ).returncode

    assert verified("sslclient") == 0
    assert verified("sslserver") != 0


def test_every_key_is_another():
    made = [_SshKeyPairs().create({"comment": "x"}).outs["private_key"] for _ in range(2)]
    made += [_RandomSecrets().create({"bytes": 24.0}).outs["value"] for _ in range(2)]
    assert len(set(made)) == 4


@pytest.mark.parametrize("length", [24, 32.0])
def test_a_random_secret_is_so_many_bytes(length):
    assert len(bytes.fromhex(_RandomSecrets().create({"bytes": length}).outs["value"])) == length


def test_a_key_stays_while_its_inputs_do(wanted, client):
    news = {**wanted, "__provider": "other code", "certificate": None, "private_key": None}
    diff = _ClientCertificates().diff("id", {**client, "__provider": "code"}, news)
    assert (diff.changes, diff.replaces) == (False, [])


def test_another_input_makes_another_key(wanted, client):
    diff = _ClientCertificates().diff("id", client, {**wanted, "common_name": "archive_auditor"})
    assert (diff.changes, diff.replaces) == (True, ["common_name"])
    assert diff.delete_before_replace is False


@pytest.mark.parametrize(
    ("days", "left", "renewed"), [(397, 29, True), (397, 31, False), (20, 19, False), (20, 9, True)]
)
def test_a_certificate_is_replaced_before_it_ends(wanted, days, left, renewed):
    wanted = {**wanted, "days": days}
    made = _ClientCertificates().create({**wanted, "days": left}).outs
    diff = _ClientCertificates().diff("id", {**made, "days": days}, wanted)
    assert diff.changes is renewed
    assert diff.replaces == (["certificate"] if renewed else [])


@pytest.mark.usefixtures("open_umask")
def test_the_private_half_of_the_sealing_key_is_the_operators_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "make_sealing_key", lambda owner: ("F" * 40, "PUBLIC", "PRIVATE"))
    directory = tmp_path / "sealing"
    made = _SealingKeys().create({"stack_id": "unit-1", "directory": str(directory)})
    assert made.id == "F" * 40
    assert "PRIVATE" not in str(made.outs)
    private = directory / "private.asc"
    assert (private.read_text("utf-8"), mode(private), mode(directory)) == ("PRIVATE", 0o600, 0o700)


def test_a_new_sealing_key_never_replaces_the_file_of_the_old(tmp_path, monkeypatch):
    for name in ("A", "B"):
        monkeypatch.setattr(
            keys, "make_sealing_key", lambda owner, name=name: (name, "PUBLIC", f"PRIVATE {name}")
        )
        _SealingKeys().create({"stack_id": "unit-1", "directory": str(tmp_path)})
    assert (tmp_path / "A.asc").read_text("utf-8") == "PRIVATE A"
    assert (tmp_path / "private.asc").read_text("utf-8") == "PRIVATE B"


def test_a_home_that_moved_needs_no_other_sealing_key(sealing):
    outs, _ = sealing
    news = {"stack_id": "unit-1", "directory": "/moved/sealing"}
    assert _SealingKeys().diff("id", outs, news).changes is False
    assert _SealingKeys().diff("id", outs, {**news, "stack_id": "other"}).changes is True


def test_the_public_half_holds_no_private_packet(sealing, gpg_home):
    outs, _ = sealing
    packets = gpg(gpg_home, "--list-packets", data=outs["public_key"].encode()).stdout
    assert b":public key packet:" in packets
    assert b":public sub key packet:" in packets
    assert b"secret" not in packets
    gpg(gpg_home, "--import", data=outs["public_key"].encode())
    assert gpg(gpg_home, "--list-secret-keys").stdout == b""


def test_what_is_sealed_to_the_public_half_the_private_half_opens(sealing, gpg_home, tmp_path):
    outs, directory = sealing
    message = "پیام".encode()
    gpg(gpg_home, "--import", data=outs["public_key"].encode())
    sealed = gpg(gpg_home, "--recipient", outs["fingerprint"], "--encrypt", data=message)
    assert sealed.returncode == 0, sealed.stderr
    assert message not in sealed.stdout
    assert gpg(gpg_home, "--decrypt", data=sealed.stdout).returncode != 0
    gpg(gpg_home, "--import", str(directory / "private.asc"))
    assert gpg(gpg_home, "--decrypt", data=sealed.stdout).stdout == message


def test_a_gpg_that_refuses_is_told_in_its_own_words(tmp_path, monkeypatch):
    """As on Debian 13 with the package gpg alone, which has no agent."""
    program = tmp_path / "gpg"
    program.write_text("#!/bin/sh\necho 'gpg: agent_genkey failed: No agent running' >&2; exit 2\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(keys.SealingKeyNotMade, match="No agent running") as refused:
        keys.make_sealing_key("unit")
    assert "gpg-agent" in refused.value.fix
