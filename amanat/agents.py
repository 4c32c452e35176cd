"""The support desk's agents, as an operator writes them: `zahra: Zahra Karimi <zahra@example.org>`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from amanat.validators import MAIL_ADDRESS, InvalidValue

LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")
RESERVED = ("root", "nobody", "rt_system")  # Request Tracker's own
_WRITTEN = re.compile(r"(?P<real_name>[^<>\x00-\x1f\x7f]{2,100}?)\s*<(?P<email>[^<>\s]+)>")


@dataclass(frozen=True)
class Agent:
    """Who answers customers: the name to log in with, that which customers see, and a mail address."""

    login: str
    real_name: str
    email: str

    @classmethod
    def parse(cls, login: str, written: str) -> Self:
        """The agent of an entry. Raises `InvalidValue` for a name or an address that can't be one."""
        if not LOGIN.fullmatch(login) or login in RESERVED:
            raise InvalidValue(
                f"has an agent {login!r}, which is no login name",
                "2 to 32 small letters, digits, dots, hyphens and underscores, a letter first",
            )
        found = _WRITTEN.fullmatch(written.strip())
        if not found or not MAIL_ADDRESS.fullmatch(found["email"]):
            raise InvalidValue(
                f"says of {login} no name and mail address", "Zahra Karimi <zahra@example.org>"
            )
        return cls(login, found["real_name"], found["email"])


def agents(given: Mapping[str, str]) -> tuple[Agent, ...]:
    """All agents, by login name. Raises `InvalidValue`, also where two have one address."""
    found = tuple(Agent.parse(login, given[login]) for login in sorted(given))
    addresses = [agent.email.casefold() for agent in found]
    for agent in found:
        if addresses.count(agent.email.casefold()) > 1:
            raise InvalidValue(f"gives {agent.email} to two agents", "an address of its own for each")
    return found
