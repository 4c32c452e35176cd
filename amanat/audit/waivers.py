"""Waivers: a failing requirement that an authority accepts, for a reason, until a day."""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from amanat.calendars import DATE_EXAMPLES, NoDate, both, day_of
from amanat.errors import BadInput, refuse
from amanat.yaml_lines import YamlDocument

Words = Annotated[str, Field(min_length=3)]


def _day(value: object) -> date:
    """A date as it stands in the file, of either calendar."""
    if isinstance(value, date):
        return value
    try:
        return day_of(str(value), "")
    except NoDate as error:
        raise ValueError(f"{error.what}; write it as {DATE_EXAMPLES}") from error


Day = Annotated[date, BeforeValidator(_day)]


class BadWaiver(BadInput):
    """The waivers' file is wrong; the message names the line, the field and what to do."""


class Waiver(BaseModel):
    """Who accepts that a requirement fails, why, and for how long (its last day included; UTC).

    `hosts` narrows it: a failure on any other host is not waived. Empty means every host. `items` narrows it to what
    the audit named as unexpected, word for word: any other finding, and any other check that fails, is not waived.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    requirement: Words
    authority: Words
    reason: Words
    granted: Day
    expires: Day
    hosts: tuple[Words, ...] = ()
    items: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.expires <= self.granted:
            raise ValueError(f"expires {both(self.expires)} is not after granted {both(self.granted)}")
        return self

    def in_force(self, today: date) -> bool:
        """Whether it holds on this day."""
        return self.granted <= today <= self.expires

    def covers(self, hosts: Collection[str]) -> bool:
        """Whether failures on `hosts` are waived."""
        return not self.hosts or (bool(hosts) and set(hosts) <= set(self.hosts))

    def accepts(self, items: Collection[str]) -> bool:
        """Whether a check that fails for these `items` is waived."""
        return not self.items or (bool(items) and set(items) <= set(self.items))


def load(path: Path, known: Collection[str]) -> dict[str, Waiver]:
    """The waivers in `path` by requirement id; none if there is no such file.

    Raises `BadWaiver` for an unknown key or id, a missing field, a second waiver of one requirement.
    """
    if not path.exists():
        return {}
    yaml = YamlDocument(path)
    rows = (
        yaml.value.get("waivers") if isinstance(yaml.value, dict) and set(yaml.value) == {"waivers"} else None
    )
    if rows is None or not isinstance(rows, list):
        raise BadWaiver(
            "waivers are a list under the one key waivers", path.name, "Write `waivers: []` for none."
        )
    faults: list[BadInput] = []
    found: dict[str, Waiver] = {}
    for index, row in enumerate(rows):
        where = f"{path.name} line {yaml.line(('waivers', index))}"
        try:
            waiver = Waiver.model_validate(row)
        except ValidationError as error:
            faults += _told(yaml, path, index, error)
            continue
        if waiver.requirement not in known:
            faults.append(
                BadWaiver(f"{waiver.requirement} is not a requirement", where, "Give an id of the register.")
            )
        if waiver.requirement in found:
            faults.append(BadWaiver(f"{waiver.requirement} is waived twice", where, "Keep one of the two."))
        found[waiver.requirement] = waiver
    refuse(faults, "The waivers are wrong.", path.name)
    return found


def _told(yaml: YamlDocument, path: Path, index: int, error: ValidationError) -> Iterator[BadWaiver]:
    for fault in error.errors():
        key = ".".join(str(step) for step in fault["loc"])
        where = f"{path.name} line {yaml.line(('waivers', index, *fault['loc']))}"
        message = fault["msg"].removeprefix("Value error, ")
        yield BadWaiver(
            f"{key + ': ' if key else ''}{message}", where, "See the example at the top of the file."
        )
