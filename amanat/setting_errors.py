"""What is said of a setting that can't be used: its name and value, what is wrong, and what to write instead."""

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from amanat.errors import BadInput, shown
from amanat.validators import InvalidValue, closest_match

NAMESPACE = "amanat"


class BadSetting(BadInput):
    """A setting that can't be used: unknown, of the wrong type, or without sense beside another one."""


def unknown(name: str, known: Iterable[str], file: str, within: str = "") -> BadSetting:
    """The complaint about a name that is not a setting, or none of those in `within`, with the one that was meant."""
    meant = closest_match(name, known)
    outer = f"{within}." if within else ""
    fix = f"Did you mean {NAMESPACE}:{outer}{meant}? " if meant else ""
    where = "the guide lists all" if within else "Pulumi.yaml lists all"
    return BadSetting(
        f"{NAMESPACE}:{outer}{shown(name)} is not a setting.",
        fix=f"{fix}Correct or remove it in {file}; {where}.",
    )


def to_error(error: ErrorDetails, file: str, within: str = "", known: Iterable[str] = ()) -> BadInput:
    """The complaint about a value that pydantic refused.

    `within` is the setting that holds it, where that has parts; `known` are the names that may stand in its place.
    """
    name = _path(error["loc"], within)
    if error["type"] == "missing":
        return BadSetting(f"{name} is missing.", fix=f"In {file}, set {NAMESPACE}:{name}.")
    if error["type"] == "extra_forbidden":
        return unknown(str(error["loc"][-1]), known, file, _path(error["loc"][:-1], within))
    invalid = error.get("ctx", {}).get("error")
    if not isinstance(invalid, InvalidValue):
        why, instead = _PLAIN.get(
            error["type"], (f"is refused ({error['msg']})", "what Pulumi.yaml describes")
        )
        invalid = InvalidValue(why, instead)
    if invalid.fault is not None:
        return invalid.fault
    what = f"{name} = {_displayed(error['input'])} {invalid.why}."
    return BadSetting(what, fix=f"In {file}, set {NAMESPACE}:{name} to {invalid.instead}.")


_PLAIN = {  # pydantic's own refusals: why, and what to set instead
    "model_type": ("is not a mapping", "a mapping, as the guide has it"),
    "tuple_type": ("is not a list", "a list, as the guide has it"),
}


def _path(steps: tuple[str | int, ...], within: str) -> str:
    """As `pulumi config set --path` takes it: declarations.price_list.items[0].per."""
    path = within
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f"{'.' if path else ''}{step}"
    return path


def _displayed(value: object) -> str:
    """The value for a message; what may be a password in an address is left out."""
    if isinstance(value, str) and "@" in value and "://" in value:
        scheme, _, rest = value.partition("://")
        return shown(f"{scheme}://…@{rest.rpartition('@')[2]}")
    return shown(value) if value is not None else "nothing"
