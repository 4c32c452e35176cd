"""What follows from the databases that a server is given: their roles, what the guard keeps, and what is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Database = Mapping[str, Any]
Role = Mapping[str, Any]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[!-~]{16,}")
_TIMEOUTS = {
    "statement": "statement_timeout",
    "lock": "lock_timeout",
    "idle_in_transaction": "idle_in_transaction_session_timeout",
    "transaction": "transaction_timeout",
    "idle": "idle_session_timeout",
}


def database_roles(databases: Sequence[Database]) -> list[Role]:
    """Return every role of the databases, each one's owner first."""
    return [
        role
        for database in databases
        for role in ({"name": database["owner"], "login": "none"}, *database["roles"])
    ]


def guarded_roles(roles: Sequence[Role], verifiers: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what the guard keeps of each role: its password's verifier, if it has one, and its settings."""
    return {
        role["name"]: {"verifier": verifiers.get(role["name"]), "settings": _settings(role)} for role in roles
    }


def database_faults(databases: Sequence[Database], passwords: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the databases and the passwords of their roles, a sentence each."""
    roles = database_roles(databases)
    names = Counter(
        [*(f"database {one['name']}" for one in databases), *(f"role {one['name']}" for one in roles)]
    )
    return [
        *(f"{name} is described twice" for name, count in names.items() if count > 1),
        *(
            f"{name} must be small letters, digits and _"
            for name in names
            if not _NAME.fullmatch(name.split()[1])
        ),
        *(fault for database in databases for fault in _network_faults(database)),
        *(fault for role in roles for fault in _login_faults(role)),
        *_password_faults({role["name"] for role in roles if role["login"] == "network"}, passwords),
    ]


def _settings(role: Role) -> dict[str, str]:
    timeouts = role.get("timeouts_seconds") or {}
    limits = {_TIMEOUTS[name]: f"{seconds}s" for name, seconds in timeouts.items()}
    return {**limits, **(role.get("settings") or {})}


def _network_faults(database: Database) -> Iterator[str]:
    networks = database.get("networks") or []
    yield from (
        f"database {database['name']}: {network} is no network such as 10.77.0.0/24"
        for network in networks
        if not _is_network(network)
    )
    if not networks and any(role["login"] == "network" for role in database["roles"]):
        yield f"database {database['name']} has roles that log in over the network, and no network"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return bool(re.search(r"/\d+$", text))


def _login_faults(role: Role) -> Iterator[str]:
    if (role["login"] == "none") != (role.get("connections") is None):
        yield f"role {role['name']} must have connections if it logs in, and none otherwise"
    if (role["login"] == "local") != bool(role.get("account")):
        yield f"role {role['name']} must have an account if its login is local, and none otherwise"


def _password_faults(remote: set[str], passwords: Mapping[str, str]) -> Iterator[str]:
    yield from (
        f"role {name} logs in over the network and has no password" for name in sorted(remote - {*passwords})
    )
    yield from (
        f"a password is given for {name}, which no network logs in as"
        for name in sorted({*passwords} - remote)
    )
    yield from (
        f"the password of {name} must have at least 16 printable ASCII characters"
        for name, password in passwords.items()
        if not _PASSWORD.fullmatch(password)
    )


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "database_roles": database_roles,
            "guarded_roles": guarded_roles,
            "database_faults": database_faults,
        }
