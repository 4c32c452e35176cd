"""Files that say what is expected of a machine by service: a block for every machine, and one for each service."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import ConfigDict, RootModel, ValidationError, model_validator

from amanat.errors import BadInput, refuse
from amanat.requirement import ServiceName
from amanat.strict_model import StrictModel
from amanat.yaml_lines import YamlDocument

EVERY = "every"  # as a key: what every machine has; as a caller: every other machine


class BrokenExpectations(BadInput):
    """The file of expectations is wrong: an unknown key or service, a missing or unfit value; names file and line."""


class Block(StrictModel):
    """What is expected of a machine that carries a service."""

    @abstractmethod
    def __or__(self, other: Self) -> Self:
        """What is expected of a machine of which both are. Raises BrokenExpectations where they contradict."""


BlockT = TypeVar("BlockT", bound=Block)
FileT = TypeVar("FileT", bound="ByService[Any]")


class ByService(RootModel[Mapping[Literal["every", ServiceName], BlockT]], Generic[BlockT]):
    """The blocks by service, and that of every machine."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _has_every(self) -> Self:
        if EVERY not in self.root:
            raise ValueError(f"{EVERY} is missing")
        return self

    @property
    def services(self) -> dict[str, BlockT]:
        """The block of each service that has one."""
        return {str(name): one for name, one in self.root.items() if name != EVERY}

    def of(self, services: Iterable[str]) -> BlockT:
        """What is expected of a machine that carries these services; one without a block adds nothing."""
        known = self.services
        return reduce(or_, (known[name] for name in services if name in known), self.root["every"])


def load(path: Path, model: type[FileT], module: str, broken: str) -> FileT:
    """Read such a file; `module` is where the models are, `broken` what is said above several faults.

    Raises BrokenExpectations (every fault with its line) or UnreadableFile.
    """
    yaml = YamlDocument(path)
    try:
        return model.model_validate(yaml.value)
    except ValidationError as error:
        refuse(list(_faults(error, yaml, module)), broken, path.name)
        raise


def _faults(error: ValidationError, yaml: YamlDocument, module: str) -> Iterator[BrokenExpectations]:
    seen = set()
    for one in error.errors():
        steps = [step for step in one["loc"] if step != "[key]"]
        where = f"{yaml.path.name} line {yaml.line(steps)}"
        what = f"{'.'.join(map(str, steps)) or 'it'}: {one['msg'].removeprefix('Value error, ')}."
        if (what, where) not in seen:
            yield BrokenExpectations(what, where, f"The models in {module} say what fits.")
        seen.add((what, where))
