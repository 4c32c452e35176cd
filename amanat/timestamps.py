"""The server of time stamps outside the stack: what the log server is told of it, and the way out that it needs."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from amanat.alerts import HTTPS_PORT
from amanat.settings import Settings

SERVICE = "logs"
ACCOUNT = "log-sealer"  # asks for them


def variables(service: str, settings: Settings, project: Path) -> dict[str, Any]:
    """What a service's roles are told of it; relative paths start at `project`. Raises BadCaBundle."""
    if service != SERVICE:
        return {}
    return {
        "logs_timestamp_url": settings.timestamp_url,
        "logs_timestamp_ca": settings.timestamp_ca(project),
    }


def outgoing(machine: str, settings: Settings) -> list[dict[str, Any]]:
    """The way out of a machine to it: [{account, ports: [TCP port], purpose}]; none where none is needed."""
    if not settings.timestamp_url or SERVICE not in settings.machines.services_of(machine):
        return []
    port = urlsplit(settings.timestamp_url).port or HTTPS_PORT
    return [{"account": ACCOUNT, "ports": [port], "purpose": "time stamps"}]
