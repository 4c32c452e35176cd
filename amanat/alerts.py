"""Who is told of alerts: what the roles are told of the webhook and the mail, and which ways out that needs."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from amanat.settings import Settings

ACCOUNTS = {
    "logs": "alertmanager",
    "vault": "monitoring-watch",
}  # service -> the account that tells the operator
ROLES = {"logs": "monitoring", "vault": "monitoring_watch"}  # service -> the role that lets it
HTTPS_PORT = 443


def mail(settings: Settings) -> dict[str, Any]:
    """How mail is sent to the operator, but for the password; empty where none is."""
    if not settings.alert_email:
        return {}
    host, _, port = settings.alert_smtp_server.rpartition(":")
    return {
        "to": settings.alert_email,
        "from": settings.alert_email_from or settings.alert_email,
        "host": host,
        "port": int(port),
        "user": settings.alert_smtp_user,
    }


def secrets(settings: Settings, project: Path) -> dict[str, dict[str, str]]:
    """Service -> what its role is told that is secret: the webhook's address may hold a key. Raises BadInput."""
    url, password = settings.alert_webhook_url, settings.alert_smtp_password(project)
    return {
        service: {f"{role}_webhook_url": url, f"{role}_mail_password": password}
        for service, role in ROLES.items()
    }


def outgoing(machine: str, settings: Settings) -> list[dict[str, Any]]:
    """The ways out of a machine that alerts need: [{account, ports: [TCP port], purpose}]; none if nobody is told."""
    ports = set()
    if settings.alert_webhook_url:
        ports.add(urlsplit(settings.alert_webhook_url).port or HTTPS_PORT)
    if settings.alert_email:
        ports.add(int(settings.alert_smtp_server.rpartition(":")[2]))
    services = settings.machines.services_of(machine)
    accounts = [account for service, account in ACCOUNTS.items() if service in services]
    return [
        {"account": account, "ports": sorted(ports), "purpose": "alerts"} for account in accounts if ports
    ]
