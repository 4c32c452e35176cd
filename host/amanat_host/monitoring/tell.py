"""Tell the operator by the configured ways: a webhook over TLS, and mail over a smarthost with TLS."""

from __future__ import annotations

import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from amanat_host.errors import HostError
from amanat_host.outside_tls import trusting

SECONDS = 20.0
IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True)
class Message:
    """What is told: `firing` while it lasts, and once more when it is over."""

    name: str
    firing: bool
    summary: str
    runbook: str


def tell(message: Message, ways: Mapping[str, Any]) -> None:
    """Tell it by every way in `ways`, each though another fails. Raises HostError that names the ways that failed."""
    failed = [f"{way}: {error}" for way, error in _failures(message, ways)]
    if failed:
        raise HostError("nobody could be told by " + "; ".join(failed))


def _failures(message: Message, ways: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    send: dict[str, Callable[[Message, Any], None]] = {"webhook": post, "mail": mail}
    for way, settings in ways.items():
        try:
            send[way](message, settings)
        except (OSError, ValueError, http.client.HTTPException, smtplib.SMTPException) as error:
            yield way, type(error).__name__  # its words may hold the address, which is secret


def post(message: Message, settings: Mapping[str, str]) -> None:
    """Post it in the form of Alertmanager's own webhook; `url_file` holds the address."""
    url = Path(settings["url_file"]).read_text("utf-8").strip()
    if not url.startswith("https://"):
        raise ValueError("the webhook is not https")
    status = "firing" if message.firing else "resolved"
    alert = {
        "status": status,
        "labels": {"alertname": message.name},
        "annotations": {"summary": message.summary, "runbook": message.runbook},
    }
    body = json.dumps({"version": "4", "status": status, "alerts": [alert]}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - https alone
    with urllib.request.urlopen(request, timeout=SECONDS, context=trusting()):  # noqa: S310
        pass


def mail(message: Message, settings: Mapping[str, Any]) -> None:
    """Send it over the smarthost, which has to offer TLS with a certificate that this machine trusts."""
    letter = EmailMessage()
    letter["From"], letter["To"] = settings["from"], settings["to"]
    letter["Subject"] = f"[{'FIRING' if message.firing else 'RESOLVED'}] {message.name}"
    letter.set_content(f"{message.summary}\n\n{message.runbook}\n")
    host, port = str(settings["host"]), int(settings["port"])
    tls = trusting()
    with _session(host, port, tls) as session:
        if settings["user"]:
            password = Path(settings["password_file"]).read_text("utf-8").strip()
            session.login(settings["user"], password)
        session.send_message(letter)


def _session(host: str, port: int, tls: ssl.SSLContext) -> smtplib.SMTP:
    if port == IMPLICIT_TLS_PORT:
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=tls)
    session = smtplib.SMTP(host, port, timeout=SECONDS)
    session.starttls(context=tls)
    return session
