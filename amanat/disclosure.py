"""Disclosure by court order (Art. 7, A7-disclosure): ask, fetch, sign; and open a bundle with the private key.

The archive gives records out in two steps, so that nothing is shown before the request itself is committed and in
the chain. A bundle is a JSON file that holds the records as they lie in the archive, sealed, with their data keys;
beside it lies an Ed25519 signature of its bytes. Only the operator's private key, which is on no server, opens it.
"""

import base64
import ipaddress
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from amanat.digits import latin_digits, party, written
from amanat.errors import AmanatError, BadInput, shown
from amanat.files import create
from amanat.gpg import GpgFailed, GpgHome, gpg_home
from amanat.private_key import Passphrase

FORMAT = "amanat-disclosure/1"
CHAINED_WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.25
_NOT_CHAINED_YET = "55000"
_SEALING = "See that amanat-archive-seal.service runs on the store."


class DisclosureFailed(AmanatError):
    """The archive refused a disclosure, or couldn't be reached."""


class BundleRefused(AmanatError):
    """A bundle isn't what was signed, or the key doesn't open it."""


@dataclass(frozen=True)
class Order:
    """A court order and the person who approved carrying it out. Raises BadInput for signs that nobody can see."""

    number: str
    date: date
    approver: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", latin_digits(written(self.number, "the order's number")))
        object.__setattr__(self, "approver", written(self.approver, "the approver's name"))


@dataclass(frozen=True)
class Selector:
    """What the order covers: parties, ids or an address, within at most 31 days; times carry a zone.

    Times are of recording; of access records (`record` is "access", parties are accounts) of when it happened.
    `address` may come with its source `port`. Without one it can be many users' behind a carrier's NAT: where several
    accounts match, the archive says how many and gives no records, unless `every_account` is set.
    Parties and the address are taken in the archive's one form; raises BadInput for what has none.
    """

    since: datetime
    until: datetime
    parties: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()
    direction: str | None = None
    record: str = "message"
    address: str = ""
    port: int | None = None
    every_account: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "parties", tuple(party(one, "party") for one in self.parties))
        if self.address:
            object.__setattr__(self, "address", address_of(self.address))

    def as_json(self) -> str:
        """The selector as the archive takes it; what is empty is left out."""
        given: dict[str, object] = {
            "record": self.record,
            "from": self.since.astimezone(UTC).isoformat(),
            "until": self.until.astimezone(UTC).isoformat(),
            "parties": self.parties,
            "ids": self.ids,
            "channels": self.channels,
            "direction": self.direction,
            "ip": self.address,
            "port": str(self.port) if self.port is not None else "",
            "accounts": "every" if self.every_account else "",
        }
        return json.dumps({name: value for name, value in given.items() if value})


@dataclass(frozen=True)
class Bundle:
    """A written bundle: its file, the disclosure's id, and its records as they lie in the archive.

    `accounts`: how many an answer about access matches, its records' or more; None for others.
    """

    path: Path
    number: int
    found: Sequence[Mapping[str, Any]]
    accounts: int | None = None

    @property
    def records(self) -> int:
        """How many records it holds."""
        return len(self.found)


@dataclass(frozen=True)
class Opened:
    """An opened bundle: the disclosure's own record, and the records with their content in clear."""

    disclosure: dict[str, Any]
    records: list[dict[str, Any]]


@contextmanager
def connection(
    host: str, port: int, certificate: Path, key: Path, authority: Path, password: str
) -> Iterator[psycopg.Connection]:
    """A session as archive_discloser over verified TLS; raises DisclosureFailed when there is none."""
    try:
        session = psycopg.connect(
            host=host,
            port=port,
            dbname="archive",
            user="archive_discloser",
            password=password,
            sslmode="verify-full",
            sslrootcert=str(authority),
            sslcert=str(certificate),
            sslkey=str(key),
            sslcrl=os.devnull,  # libpq would take ~/.postgresql/root.crl, an old one too
            gssencmode="disable",
            connect_timeout=10,
            autocommit=True,
        )
    except psycopg.Error as error:
        raise DisclosureFailed(
            f"the archive can't be reached: {_first_line(error)}",
            f"{host}:{port}",
            "Check the address and the certificate of archive_discloser, then ask again.",
        ) from error
    with session:
        yield session


def disclose(
    session: psycopg.Connection, order: Order, selector: Selector, signer: Ed25519PrivateKey, directory: Path
) -> Bundle:
    """Ask for what `order` covers, fetch it, and write the signed bundle into `directory`.

    The bundle is `disclosure-<id>.json`; its signature is beside it, with `.sig` added. `session` must be in
    autocommit.
    Raises DisclosureFailed with the archive's own words when it refuses; it then has shown nothing.
    """
    number = request(session, order, selector)
    found = fetch(session, number)
    bundle = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True).encode()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"disclosure-{number}.json"
    _write_once(path, bundle)
    _write_once(signature_path(path), base64.b64encode(signer.sign(bundle)) + b"\n")
    return Bundle(path, number, found["records"], found["disclosure"].get("accounts"))


def request(session: psycopg.Connection, order: Order, selector: Selector) -> int:
    """First step: leave the record of the disclosure. Returns its id."""
    try:
        row = session.execute(
            "SELECT archive.request_disclosure(%s, %s, %s, %s::jsonb)",
            (order.number, order.date, order.approver, selector.as_json()),
        ).fetchone()
    except psycopg.Error as error:
        raise DisclosureFailed(_first_line(error), "archive", _hint(error)) from error
    return int(row[0]) if row else 0


def fetch(
    session: psycopg.Connection, number: int, patience_seconds: float = CHAINED_WITHIN_SECONDS
) -> dict[str, Any]:
    """Second step: what was asked for, as a bundle, once the request is in the chain."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            rows = session.execute(
                "SELECT part, body FROM archive.fetch_disclosure(%s)", (number,)
            ).fetchall()
            if rows:
                break
            if time.monotonic() > deadline:  # what it found is on record, and not in the chain
                raise DisclosureFailed(
                    "what the request finds is not chained",
                    f"disclosure {number}",
                    _SEALING,
                )
        except psycopg.Error as error:
            if error.sqlstate != _NOT_CHAINED_YET or time.monotonic() > deadline:
                fix = _SEALING if error.sqlstate else ""
                raise DisclosureFailed(_first_line(error), f"disclosure {number}", fix) from error
        time.sleep(POLL_SECONDS)
    bundle: dict[str, Any] = {"format": FORMAT, "data_keys": [], "records": []}
    for part, body in rows:
        if part in {"disclosure", "seal"}:
            bundle[part] = body
        elif part == "data_key":
            bundle["data_keys"].append(body)
        else:
            bundle["records"].append({"kind": part, **body})
    return bundle


def address_of(text: str) -> str:
    """The one form of an IPv4 or IPv6 address, in any script's digits. Raises BadInput for anything else."""
    try:
        address = ipaddress.ip_address(latin_digits(text.strip()))
    except ValueError as error:
        raise BadInput(
            f"{shown(text)} is not the address of one host",
            "address",
            "Write it as 203.0.113.7 or 2001:db8::7.",
        ) from error
    return str(getattr(address, "ipv4_mapped", None) or address)


def signature_path(bundle: Path) -> Path:
    """Where the signature of a bundle lies."""
    return bundle.with_name(f"{bundle.name}.sig")


def open_bundle(
    bundle: Path, private_key_file: Path, signer: Ed25519PublicKey, passphrase: Passphrase
) -> Opened:
    """Check the signature of a bundle, then open its records with the OpenPGP private key.

    `passphrase` is called for the private key's, if it has one. Raises BundleRefused when the signature is not of
    these bytes, or the key opens something else; and what `passphrase` raises.
    """
    found = _verified(bundle, signer)
    where = bundle.name
    with gpg_home() as gpg:
        _gpg(gpg, "--import", str(private_key_file), why="the private key can't be read", where=where)
        if gpg.has_protected_key():
            gpg.passphrase = passphrase().encode()
        keys = {
            int(key["id"]): _gpg(
                gpg,
                "--decrypt",
                data=_bytes(key["sealed"]),
                why=f"data key {key['id']} stays shut",
                where=where,
            )
            for key in found["data_keys"]
        }
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            records = list(workers.map(lambda record: _opened(gpg, record, keys, where), found["records"]))
    return Opened(found["disclosure"], records)


def _verified(bundle: Path, signer: Ed25519PublicKey) -> dict[str, Any]:
    try:
        data = bundle.read_bytes()
        signature = base64.b64decode(signature_path(bundle).read_bytes().strip(), validate=True)
    except (OSError, ValueError) as error:
        raise BundleRefused(f"the bundle or its signature can't be read: {error}", str(bundle)) from error
    try:
        signer.verify(signature, data)
    except InvalidSignature as error:
        raise BundleRefused(
            "the signature is not of this bundle",
            str(bundle),
            "Ask for the bundle again; this one was altered.",
        ) from error
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleRefused(f"the bundle is not of the format {FORMAT}", str(bundle))
    return found


def _opened(gpg: GpgHome, record: Mapping[str, Any], keys: Mapping[int, bytes], where: str) -> dict[str, Any]:
    if "content" not in record:
        return dict(record)
    why = f"message {record['id']} stays shut"
    passphrase = keys.get(int(record["key_id"]))
    if passphrase is None:
        raise BundleRefused(f"{why}: its data key is not in the bundle", where)
    content = _gpg(
        gpg, "--decrypt", data=_bytes(record["content"]), passphrase=passphrase, why=why, where=where
    )
    try:
        return {**record, "content": content.decode()}
    except UnicodeDecodeError:
        sealed = {name: value for name, value in record.items() if name != "content"}
        return {**sealed, "content_base64": base64.b64encode(content).decode()}


def _gpg(
    gpg: GpgHome, *arguments: str, why: str, where: str, data: bytes = b"", passphrase: bytes | None = None
) -> bytes:
    """Standard output of one gpg run; raises BundleRefused, saying `why`, when gpg fails."""
    try:
        return gpg.run(*arguments, data=data, passphrase=passphrase)
    except GpgFailed as error:
        locked = gpg.passphrase and passphrase is None
        fix = "Check that the passphrase belongs to that key." if locked else error.fix
        raise BundleRefused(f"{why}: {error.what}", where, fix) from error


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _write_once(path: Path, data: bytes) -> None:
    try:
        create(path, data)
    except OSError as error:
        raise DisclosureFailed(f"the bundle can't be written: {error.strerror}", str(path)) from error


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip().splitlines()[0]


def _hint(error: psycopg.Error) -> str:
    return error.diag.message_hint or "Nothing was disclosed. Correct what it names and ask again."
