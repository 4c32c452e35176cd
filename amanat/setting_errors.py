"""What is said of a setting that can't be used: its name and value, what is wrong, and what to write instead."""

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from amanat.errors import BadInput, shown
from amanat.validators import InvalidValue, closest_match

NAMESPACE = "amanat"


class BadSetting(BadInput):
    """A setting that can't be used: unknown, of the wrong type, or without sense beside another one."""


def unknown(name: str, known: Iterable[str], file: str) -> BadSetting:
    """The complaint about a name that is not a setting, with the one that was meant."""
    meant = closest_match(name, known)
    fix = f"Did you mean {NAMESPACE}:{meant}? " if meant else ""
    return BadSetting(
        f"{NAMESPACE}:{shown(name)} is not a setting.",
        fix=f"{fix}Correct or remove it in {file}; Pulumi.yaml lists all.",
    )


def to_error(error: ErrorDetails, file: str) -> BadInput:
    """The complaint about a value that pydantic refused."""
    name = str(error["loc"][0])
    invalid = error.get("ctx", {}).get("error")
    if not isinstance(invalid, InvalidValue):
        invalid = InvalidValue(f"is refused ({error['msg']})", "what Pulumi.yaml describes")
    if invalid.fault is not None:
        return invalid.fault
    what = f"{name} = {_displayed(error['input'])} {invalid.why}."
    return BadSetting(what, fix=f"In {file}, set {NAMESPACE}:{name} to {invalid.instead}.")


def _displayed(value: object) -> str:
    """The value for a message; what may be a password in an address is left out."""
    if isinstance(value, str) and "@" in value and "://" in value:
        scheme, _, rest = value.partition("://")
        return shown(f"{scheme}://…@{rest.rpartition('@')[2]}")
    return shown(value) if value is not None else "nothing"
