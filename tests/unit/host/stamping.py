"""A server of time stamps within a test: a real authority, real stamps by openssl(1)."""

import subprocess
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amanat.certificates import new_authority
from amanat_host.logs import stamps
from amanat_host.logs.stamps import NoStamp
from amanat_host.tsa import answer
from tests.rendering import ANSIBLE, rendered_template


class StampServer:
    """`stamp(digest)` as the vault does it, by the role's own settings; `is_away`: it does not answer."""

    def __init__(self, directory):
        directory.mkdir()
        self.directory, self.is_away = directory, False
        self.authority = directory / "ca.crt"
        self._signs("tsa", new_authority("test", 30))
        template = ANSIBLE / "roles/tsa/templates/openssl.cnf.j2"
        text = rendered_template(template, tsa_place=str(directory), tsa_settings=str(directory))
        (directory / "openssl.cnf").write_text(text)

    def stamp(self, digest):
        if self.is_away:
            raise NoStamp("away")
        query = stamps.openssl("ts", "-query", "-digest", digest, "-sha256", "-cert")
        return answer.reply(query, self.directory, self.directory / "openssl.cnf")

    def reply(self, query):
        """The reply to a query, both DER, by openssl alone: in any thread, and without a record of it."""
        (self.directory / "serial").write_text("01\n")
        asked = ("-config", self.directory / "openssl.cnf", "-queryfile", "/dev/stdin")
        command = ["openssl", "ts", "-reply", *asked]
        return subprocess.run(command, input=query, capture_output=True, check=True, timeout=30).stdout

    def _signs(self, name, authority):
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(authority.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=20))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .sign(authority.key, hashes.SHA384())
        )
        pem = serialization.Encoding.PEM
        (self.directory / "tsa.crt").write_bytes(certificate.public_bytes(pem))
        (self.directory / "tsa.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        self.authority.write_text(authority.certificate_pem)
