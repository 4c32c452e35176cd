"""The record of a machine's files and keys that its last converge left with the stack, and what has changed since."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from amanat.audit.closed_world import ExpectedState, Finding, Pattern, compare
from amanat.audit.errors import NotChecked
from amanat.audit.stack_record import REMEDY, Records
from amanat.strict_model import StrictModel
from amanat_host.answers.state import State

DIRECTORY = "base_file_records"  # the inventory's variable: where records lie on the controller
CONTENT = "content of "  # how the items begin whose values are digests
KEPT = "kept "  # and those of keys and journals, of which there are no others
PACKAGE = f"{CONTENT}package "  # a package of another version has another name, and is none of the converge's
MACHINE = "machine"  # the item that tells which machine it is
OF_UPGRADES = Pattern(
    item=rf"{KEPT}baseline [0-9a-f]{{64}} by upgrade",
    value="was made",
    why="Debian's updates renew the baseline of files; what they bring is compared by package",
)
TO_ACCEPT = (
    "A change by hand that is right comes into the record when the record's file, `files/<machine>.json` in the stack's"
    " directory, is removed before `make up`."
)


class FileRecord(StrictModel):
    """What `machine` had when a converge ended: item -> digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: Annotated[str, Field(min_length=32)]
    taken_at: str
    content: Annotated[Mapping[str, str], Field(min_length=1)]


RECORDS = Records(FileRecord, DIRECTORY, "files", "changes")


def changed(state: State, record: FileRecord) -> list[Finding]:
    """The files whose content differs from the record. Raises `NotChecked` for the record of another machine."""
    if state.items.get(MACHINE) != record.machine:
        raise RECORDS.of_another_machine()
    return [
        Finding(
            "different",
            item,
            value,
            f"as the converge left it: {expected(item, record)}",
            state.since.get(item, ""),
        )
        for item, value in sorted(state.items.items())
        if item.startswith(CONTENT) and record.content.get(item, known_otherwise(item, value)) != value
    ]


def kept_otherwise(state: State, record: FileRecord) -> list[Finding]:
    """Keys and journals that came, went or changed since the record. Raises `NotChecked` when it has none."""
    exactly = {item: value for item, value in record.content.items() if item.startswith(KEPT)}
    if not exactly:
        raise NotChecked("the record tells of no journal and no key", fix=REMEDY)
    return compare(state, ExpectedState(exactly=exactly, patterns=(OF_UPGRADES,)))


def known_otherwise(item: str, value: str) -> str:
    """What stands for an item that the record doesn't have: a package's other version is dpkg's to compare."""
    return value if item.startswith(PACKAGE) else ""


def expected(item: str, record: FileRecord) -> str:
    """What the record has of an item, for a person."""
    return record.content.get(item, "not there")
