"""The message archive as its clients use it: record, disclose by order, open with the operator's key."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from psycopg.types.json import Jsonb

from amanat.audit.client import Client
from amanat.audit.gpg import keyring
from amanat.audit.host import Host
from amanat.audit.postgres import Answer, Session
from amanat.audit.waiting import wait_until
from amanat.law import register

APPROVER = "Amanat audit"
CLIENTS = ("archive_writer", "archive_auditor", "archive_discloser")  # roles whose keys an auditor has
REMOTE_ROLES = (*CLIENTS, "archive_anchor")  # those that log in over the network
# Nothing is disclosed before it is in the chain: so long is waited for it, as long as the law register lets it take.
CHAINED_WITHIN_SECONDS = float(register().bound("A5-6-1-integrity", "sealing_lag_seconds").max or 0)
NOT_CHAINED_YET = "55000"
RECORD_MESSAGE = "SELECT id, recorded_at FROM archive.record_message(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
RECORD_TRANSACTION = "SELECT archive.record_transaction(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
RECORD_ACCESS = "SELECT archive.record_access(%s, %s, %s, %s, %s, %s, %s, %s)"
REQUEST = "SELECT archive.request_disclosure(%s, %s, %s, %s)"
FETCH = "SELECT part, body FROM archive.fetch_disclosure(%s)"


def marker(what: str) -> str:
    """A text that occurs nowhere else, and says that an audit made it."""
    return f"amanat-audit-{what}-{secrets.token_hex(8)}"


def request_of_nothing() -> tuple[object, ...]:
    """Parameters of archive.request_disclosure by a made-up order, for a party that nobody is."""
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(hours=1)).isoformat(), "until": now.isoformat()}
    return made_up_order({"parties": [marker("nobody")], **span})


def made_up_order(selector: Mapping[str, object]) -> tuple[object, ...]:
    """Parameters of archive.request_disclosure for a selector."""
    return marker("order"), datetime.now(UTC).date() - timedelta(days=1), APPROVER, Jsonb(dict(selector))


class NotKept(AssertionError):
    """The archive refuses or fails to do what it is for: a check of the law fails on it."""


@dataclass(frozen=True)
class Message:
    """A message as a gateway would hand it over; parties are made up and marked."""

    channel: str = "sms"
    direction: str = "in"
    origin: str = field(default_factory=lambda: marker("origin"))
    destination: str = field(default_factory=lambda: marker("destination"))
    content: str = field(default_factory=lambda: marker("content"))
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=2))
    received_at: datetime | None = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=1))
    client_ip: str = "192.0.2.7"
    client_port: int = 40404

    def parameters(self) -> tuple[object, ...]:
        """In the order of archive.record_message."""
        where = (self.channel, self.direction, self.origin, self.destination)
        return *where, self.sent_at, self.received_at, self.client_ip, self.client_port, self.content


@dataclass(frozen=True)
class Transaction:
    """An online transaction as a payment page would hand it over."""

    means: str = "rial_card"
    user_ref: str = field(default_factory=lambda: marker("user"))
    kind: str = "audit"
    amount: str = "1000"
    currency: str = "IRR"
    reference: str = field(default_factory=lambda: marker("reference"))
    client_ip: str = "192.0.2.7"
    client_port: int = 40404
    occurred_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=1))

    def parameters(self) -> tuple[object, ...]:
        """In the order of archive.record_transaction."""
        what = (self.user_ref, self.kind, self.amount, self.currency, self.means, self.reference)
        return *what, self.client_ip, self.client_port, self.occurred_at


@dataclass(frozen=True)
class Access:
    """A user's access as the operator's software would hand it over."""

    account: str = field(default_factory=lambda: marker("account"))
    event: str = "login"
    outcome: str = "success"
    client_ip: str = "192.0.2.7"
    client_port: int = 40404
    occurred_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=1))
    user_agent: str | None = "amanat-audit/1"
    request_id: str | None = field(default_factory=lambda: marker("request"))

    def parameters(self) -> tuple[object, ...]:
        """In the order of archive.record_access."""
        what = (self.account, self.event, self.outcome, self.client_ip, self.client_port, self.occurred_at)
        return *what, self.user_agent, self.request_id


@dataclass(frozen=True)
class Bundle:
    """What a disclosure handed out: its parts by name, contents still sealed."""

    parts: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        return self.parts.get("message", ())

    @property
    def transactions(self) -> Sequence[Mapping[str, Any]]:
        return self.parts.get("transaction", ())

    @property
    def accesses(self) -> Sequence[Mapping[str, Any]]:
        return self.parts.get("access", ())


class Archive:
    """One audited archive. Each step logs in as the role that is meant for it."""

    def __init__(self, host: Host, client: Client) -> None:
        self._host = host
        self._client = client

    def record(self, *records: Message | Transaction | Access) -> list[int]:
        """Record them as the writer; returns their ids. Raises `NotKept` when the archive refuses one."""
        with self._client.login(self._host, "archive_writer") as writer:
            return [int(_worked(writer.ask(_statement(one), one.parameters()))) for one in records]

    def disclose(self, selector: Mapping[str, object], seconds: float) -> Bundle:
        """Request by a made-up court order, wait until the request is chained, fetch.

        Raises `NotKept` when that takes longer than `seconds` or is refused.
        """
        (bundle,) = self.disclose_each([selector], seconds)
        return bundle

    def disclose_each(self, selectors: Sequence[Mapping[str, object]], seconds: float) -> list[Bundle]:
        """Request several at once, each by an order of its own, then fetch each; they share the wait for the chain.

        Raises `NotKept` when one takes longer than `seconds` or is refused.
        """
        with self._client.login(self._host, "archive_discloser") as discloser:
            requests = [
                int(_worked(discloser.ask(REQUEST, made_up_order(selector)))) for selector in selectors
            ]
            for (
                request
            ) in requests:  # the first fetch of each has it look, and what it finds is chained meanwhile
                _ = _fetched(discloser, request)
            return [
                _bundle(wait_until(partial(_fetched, discloser, one), seconds), seconds) for one in requests
            ]

    def find(self, ids: Sequence[int], record: str, seconds: float) -> Bundle:
        """Disclose these records of the last hour."""
        now = datetime.now(UTC)
        span = {
            "from": (now - timedelta(hours=1)).isoformat(),
            "until": (now + timedelta(hours=1)).isoformat(),
        }
        return self.disclose({"record": record, "ids": list(ids), **span}, seconds)

    def open(self, bundle: Bundle) -> dict[int, str]:
        """The contents by message id, opened with the operator's private key."""
        with keyring(self._client.sealing_key(), self._client.sealing_passphrase) as ring:
            keys = {one["id"]: ring.open_key(one["sealed"]) for one in bundle.parts.get("data_key", ())}
            self._client.hide(*keys.values())
            return {int(m["id"]): ring.open_content(m["content"], keys[m["key_id"]]) for m in bundle.messages}


def _bundle(answer: Answer | None, seconds: float) -> Bundle:
    if answer is None:
        raise NotKept(f"the request for disclosure is not chained within {seconds:g} seconds")
    _worked(answer)
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for part, body in answer.rows:
        parts.setdefault(part, []).append(body)
    return Bundle(parts)


def _worked(answer: Answer) -> Any:  # noqa: ANN401 - a column of any type
    """The first column of the first row of what the archive must be able to do."""
    if answer.sqlstate or not answer.rows:
        raise NotKept(f"the archive refuses: {answer.sqlstate} {answer.message}".strip())
    return answer.rows[0][0]


def _statement(record: Message | Transaction | Access) -> str:
    if isinstance(record, Message):
        return RECORD_MESSAGE
    return RECORD_TRANSACTION if isinstance(record, Transaction) else RECORD_ACCESS


def _fetched(discloser: Session, request: int) -> Answer | None:
    answer = discloser.ask(FETCH, (request,))
    waits = answer.sqlstate == NOT_CHAINED_YET or not (answer.sqlstate or answer.rows)
    return None if waits else answer
