"""Behaves like a client of the hosts' services; what was tried and what came of it becomes evidence."""

import secrets
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from amanat import certificates
from amanat.audit.errors import NotChecked, Unreachable
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.names import address_of
from amanat.audit.postgres import Certificate, Database, Login, Session, session, try_login
from amanat.audit.session import Audit
from amanat.audit.ssh import offered_methods
from amanat.audit.tls import postgresql_certificate
from amanat.audit.untrusted_ca import make_certificate
from amanat.errors import BadInput
from amanat.private_key import passphrase_of

POSTGRESQL_PORT = expectations().of(["store"]).listening("postgresql").port
CONNECT_SECONDS = 10
SCAN_SECONDS = 2


@dataclass(frozen=True)
class Address:
    """Where the controller reaches a host's service."""

    address: str
    port: int


PortScan = Mapping[Host, Mapping[int, Future[str]]]


class Client:
    """Clients of the audited services, with the operator's certificates, with others', or with none."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._open = ExitStack()
        self._sessions: dict[tuple[str, str], Session] = {}
        self._sealing_passphrase: str | None = None

    def address_of(self, host: Host, port: int) -> Address:
        """The host's own address, or its SSH address where the inventory has no other."""
        return Address(address_of(host, host), port)

    def port_scan(self, ports: Mapping[Host, Iterable[int]]) -> PortScan:
        """Start TCP connections from here to each host's own address, all at once; `accepted` collects the results."""
        tried = {host: sorted(set(wanted)) for host, wanted in ports.items()}
        pool = ThreadPoolExecutor(max_workers=sum(map(len, tried.values())) or 1)
        scan = {
            host: {
                port: pool.submit(_connect, Address(address_of(host, host), port), SCAN_SECONDS)
                for port in wanted
            }
            for host, wanted in tried.items()
        }
        pool.shutdown(wait=False)
        return scan

    def accepted(self, scan: PortScan) -> dict[Host, set[int]]:
        """The ports of each host at which a connection was accepted."""
        accepted = {}
        for host, tried in scan.items():
            outcomes = {str(port): outcome.result() for port, outcome in tried.items()}
            asked = {"tcp": address_of(host, host), "ports": list(outcomes)}
            self._audit.recorder.client(host.identity, asked, outcomes)
            accepted[host] = {int(port) for port, outcome in outcomes.items() if outcome == "accepted"}
        return accepted

    def try_login(self, host: Host, role: str, **attempt: str) -> Login:
        """Try to log in to the archive and leave again.

        Keywords: `certificate` (own, none, foreign, or another role's name), `password` (right, wrong),
        `sslmode`, `tls` (the one version), `authentication` (libpq's require_auth), `authority` (own,
        foreign).
        """
        certificate = attempt.pop("certificate", "own")
        authority = attempt.pop("authority", "own")
        known = attempt.pop("password", "right") == "right"
        with self._database(host, role, certificate, authority, known) as database:
            login = try_login(database, attempt)
        tried = {"postgresql": f"{role}@{database.address}:{database.port}", "certificate": certificate}
        tried |= {"authority": authority, "password is": "right" if known else "wrong", **attempt}
        self._audit.recorder.client(host.identity, tried, login.as_json())
        return login

    @contextmanager
    def login(self, host: Host, role: str, *, fresh: bool = False) -> Iterator[Session]:
        """A session of `role` in the archive, with its own certificate and password, all statements recorded.

        One session per role serves the whole audit; `fresh` opens another that nobody else changes.
        Raises `NotChecked` when it can't log in.
        """
        if fresh:
            with self._session(host, role) as opened:
                yield opened
            return
        kept = self._sessions.get((host.name, role))
        if kept is None or not kept.is_open:
            kept = self._sessions[host.name, role] = self._open.enter_context(self._session(host, role))
        yield kept

    def close(self) -> None:
        """End every session."""
        self._open.close()

    @contextmanager
    def _session(self, host: Host, role: str) -> Iterator[Session]:
        with self._database(host, role, "own", "own", True) as database:

            def record(tried: Mapping[str, object], outcome: Mapping[str, object]) -> None:
                self._audit.recorder.client(host.identity, {"postgresql": role, **tried}, outcome)

            with session(database, record) as opened:
                yield opened

    def certificate(self, host: Host) -> x509.Certificate:
        """The certificate that PostgreSQL of `host` shows."""
        at = self.address_of(host, POSTGRESQL_PORT)
        shown = postgresql_certificate(at.address, at.port)
        outcome = {"certificate": shown.public_bytes(Encoding.PEM).decode()}
        self._audit.recorder.client(host.identity, {"tls": f"{at.address}:{at.port}"}, outcome)
        return shown

    def authority(self) -> x509.Certificate:
        """The stack's own certificate authority, as its clients hold it."""
        return certificates.load(self._own("ca.crt").read_text("ascii"))

    def ssh_methods(self, host: Host, user: str) -> list[str]:
        """The ways to log in that sshd offers `user` without a key (RFC 4252, method "none")."""
        offered = offered_methods(host.audited, user)
        self._audit.recorder.client(host.identity, {"ssh": f"{user}@{host.address}"}, {"offered": offered})
        return offered

    def sealing_key(self) -> Path:
        """The OpenPGP private key that opens sealed content; raises `NotChecked` without it."""
        path = self._audit.options.sealing_key
        if path is None or not path.is_file():
            raise NotChecked(
                "there is no private key to open sealed content with",
                str(path or "--sealing-key"),
                "Give the operator's key with --sealing-key FILE.",
            )
        return path

    def sealing_passphrase(self) -> str:
        """The passphrase of that key, asked for once in an audit; raises `NotChecked` when nobody gives it."""
        if self._sealing_passphrase is None:
            options = self._audit.options
            source = passphrase_of(
                self.sealing_key(), options.sealing_passphrase_file, "--sealing-passphrase-file"
            )
            try:
                self._sealing_passphrase = source()
            except BadInput as error:
                raise NotChecked(error.what, error.where, error.fix) from error
            self.hide(self._sealing_passphrase)
        return self._sealing_passphrase

    def hide(self, *secrets: str) -> None:
        """Keep these values out of everything that is recorded or printed from now on."""
        self._audit.recorder.redact.add(*secrets)

    @contextmanager
    def _database(
        self, host: Host, role: str, certificate: str, authority: str, knows_password: bool
    ) -> Iterator[Database]:
        at = self.address_of(host, POSTGRESQL_PORT)
        self._reach(host, at)
        secret = self._password(role) if knows_password else secrets.token_hex(16)
        with tempfile.TemporaryDirectory(prefix="amanat-clients-") as directory:
            foreign = make_certificate(Path(directory), role)
            own = self._own("ca.crt")
            shown: Certificate | None = None
            if certificate == "foreign":
                shown = Certificate(foreign[0], foreign[1])
            elif certificate != "none":
                name = role if certificate == "own" else certificate
                shown = Certificate(self._own(f"{name}.crt"), self._own(f"{name}.key"))
            trusted = own if authority == "own" else foreign[2]
            yield Database(at.address, at.port, role, secret, trusted, shown, Path(directory))

    def _reach(self, host: Host, at: Address) -> None:
        outcome = _connect(at)
        if outcome != "accepted":
            error = Unreachable(
                f"PostgreSQL of {host.name} doesn't answer: {outcome}",
                f"{at.address}:{at.port}",
                "See `systemctl status postgresql` on the host.",
            )
            self._audit.recorder.unreachable(host.name, error)
            raise error

    def _own(self, name: str) -> Path:
        directory = self._audit.options.clients
        path = directory / name if directory else None
        if path is None or not path.is_file():
            raise NotChecked(
                f"the auditor has no {name}",
                str(directory or "--clients"),
                "Give the directory of client certificates with --clients DIR.",
            )
        return path

    def password_characters(self, role: str) -> int:
        """How long the password of a role is, that the auditor has. Raises `NotChecked` without it."""
        return len(self._password(role))

    def _password(self, role: str) -> str:
        beside = self._audit.options.clients
        if beside is None or not (beside / f"{role}.password").is_file():
            passwords = self._audit.secrets.get("postgresql_passwords")
            if isinstance(passwords, Mapping) and role in passwords:
                return str(passwords[role])
            if self._audit.secrets_problem:
                raise self._audit.secrets_problem
        password = self._own(f"{role}.password").read_text("utf-8").strip()
        self.hide(password)
        return password


def _connect(at: Address, seconds: float = CONNECT_SECONDS) -> str:
    try:
        with socket.create_connection((at.address, at.port), timeout=seconds):
            return "accepted"
    except OSError as error:
        return error.strerror or str(error)
