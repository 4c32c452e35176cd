"""Names of accounts and groups by their numbers."""

from __future__ import annotations

import functools
import grp
import pwd


@functools.cache
def account_name(number: int) -> str:
    """The name of an account; its number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


@functools.cache
def group_name(number: int) -> str:
    """The name of a group; its number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


@functools.cache
def is_account(name: str) -> bool:
    """Whether there is an account of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
