"""Records of machines that their converges leave with the stack, on the controller, where no host can change them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from amanat.audit.errors import NotChecked
from amanat.audit.host import Host
from amanat.strict_model import StrictModel

REMEDY = "Converge it with `make up`, or run the audit where that was done."
RecordT = TypeVar("RecordT", bound=StrictModel)


@dataclass(frozen=True)
class Records(Generic[RecordT]):
    """The records of one kind, a file for each machine, in the directory that a variable of the inventory names.

    `what` they are of, and what can't be told without them (`untold`), are words for a person.
    """

    model: type[RecordT]
    variable: str
    what: str
    untold: str

    def of(self, host: Host) -> RecordT:
        """A host's record. Raises `NotChecked` when there is none to compare with."""
        directory = host.variables.get(self.variable)
        if not directory:
            raise NotChecked(
                f"the inventory names no record of the {self.what} of {host.name}, so that {self.untold} can't be told",
                f"the variable {self.variable}",
                REMEDY,
            )
        return self.load(Path(str(directory)) / f"{host.name}.json")

    def load(self, path: Path) -> RecordT:
        """Read a record. Raises `NotChecked` when it isn't there or is none."""
        try:
            return self.model.model_validate(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise NotChecked(
                f"there is no record of the machine's {self.what}: {error.strerror}", str(path), REMEDY
            ) from error
        except (ValueError, ValidationError) as error:
            raise NotChecked(
                f"the record of the machine's {self.what} is broken", str(path), REMEDY
            ) from error

    def of_another_machine(self) -> NotChecked:
        """What is wrong where a record names another machine."""
        return NotChecked(
            f"the record of {self.what} is another machine's, or this one has been made anew", fix=REMEDY
        )
