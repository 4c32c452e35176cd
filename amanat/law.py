"""The law register: what each clause demands, and the bound it sets, read from policies/law/isic-521129.yaml.

The file is the only place that lists requirements. Settings are checked against it, policies measure against
it, tags and markers point into it by id.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from amanat.errors import BadInput, listed, refuse
from amanat.requirement import Bound, Document, DocumentTitle, Requirement
from amanat.yaml_lines import YamlDocument

REGISTER_PATH = Path(__file__).resolve().parents[1] / "policies" / "law" / "isic-521129.yaml"

Value = int | float | Sequence[str]
Model = TypeVar("Model", bound=BaseModel)


class OutsideTheLaw(BadInput):
    """A value is outside a bound; the message names the clause, the bound, the value and the fix."""


class BrokenRegister(BadInput):
    """The register file is wrong: an unknown key, a doubled id, a missing field; names file, line and id."""


class Register(BaseModel):
    """All requirements by id, in the order of the file."""

    model_config = ConfigDict(frozen=True)

    documents: Mapping[Document, DocumentTitle]
    requirements: Mapping[str, Requirement]

    def __getitem__(self, requirement_id: str) -> Requirement:
        """The requirement, or BadInput naming the id and the nearest one."""
        if requirement_id not in self.requirements:
            known = ", ".join(self.requirements)
            raise BadInput(f"{requirement_id} is not a requirement of the register.", fix=f"Known: {known}.")
        return self.requirements[requirement_id]

    def automated_now(self) -> Iterator[Requirement]:
        """The requirements that this release's audit measures."""
        return (one for one in self.requirements.values() if one.is_automated and one.built)

    @property
    def owners(self) -> dict[str, str]:
        """Bound name -> id of its requirement; a bound lives once."""
        return {name: one.id for one in self.requirements.values() for name in one.bounds}

    def bound(self, requirement_id: str, name: str) -> Bound:
        """The bound `name` of a requirement; BadInput if there is none."""
        bounds = self[requirement_id].bounds
        if name not in bounds:
            known = ", ".join(bounds) or "none"
            raise BadInput(f"{requirement_id} has no bound {name}.", fix=f"Its bounds: {known}.")
        return bounds[name]

    def citation(self, requirement_id: str) -> str:
        """How messages name the source: "Article 6 clause 7-2", "the Virtual Business Union's statement".

        A duty that isn't the text's own is called our reading of it.
        """
        requirement = self[requirement_id]
        source = requirement.source
        place = source.place or self.documents[source.document].cite.en
        return f"our reading of {place}" if requirement.origin == "ours" else place

    def breach(self, name: str, value: Value, file: str) -> OutsideTheLaw | None:
        """The complaint about `value` under the bound `name`, or None. `file` is where a person sets it."""
        owner = self.owners[name]
        bound = self.requirements[owner].bounds[name]
        if bound.allows(value):
            return None
        citation = self.citation(owner)
        if bound.origin == "ours" and self.requirements[owner].origin == "law":
            citation = f"our reading of {citation}"
        if not isinstance(value, int | float):
            lacking = listed([item for item in bound.includes if item not in value])
            what = f"{name} lacks {lacking}, which {citation} demands ({owner})."
            return OutsideTheLaw(what, fix=f"Add {lacking} to amanat:{name} in {file}.")
        below = bound.min is not None and not value >= bound.min
        limit, side, extreme, wanted = (
            (bound.min, "below", "least", "more") if below else (bound.max, "above", "most", "less")
        )
        what = f"{name} = {value} is {side} {limit}, the {extreme} that {citation} allows ({owner})."
        return OutsideTheLaw(what, fix=f"Set amanat:{name} to {limit} or {wanted} in {file}.")

    def check(self, *, file: str = "Pulumi.<stack>.yaml", **values: Value) -> None:
        """Raise OutsideTheLaw if a value, named as its bound, is outside it (BadInputs if several are).

        Raises BadInput for a name that no bound has: a typing error must not pass as a lawful choice.
        """
        unknown = [name for name in values if name not in self.owners]
        refuse([BadInput(f"{name} is not a bound of the register.") for name in unknown], "Unknown bounds.")
        breaches = [self.breach(name, value, file) for name, value in values.items()]
        refuse([one for one in breaches if one], "The law does not allow these choices.", file)


@cache
def register() -> Register:
    """The project's register, read once."""
    return load(REGISTER_PATH)


def load(path: Path) -> Register:
    """Read a register file. Raises BrokenRegister (every fault with line and id) or UnreadableFile."""
    yaml = YamlDocument(path)
    rows, titles = _parts(yaml)
    faults = [*_repetitions(yaml, rows)]
    requirements = [_parsed(yaml, Requirement, ("requirements", at), faults) for at, _ in enumerate(rows)]
    documents = {name: _parsed(yaml, DocumentTitle, ("documents", name), faults) for name in titles}
    faults += [
        BrokenRegister(f"{one.id} cites {one.source.document}, which documents lacks.", path.name)
        for one in requirements
        if one and one.source.document not in documents
    ]
    refuse(faults, "The law register is broken.", path.name)
    by_id = {one.id: one for one in requirements if one}
    return Register.model_validate({"documents": documents, "requirements": by_id})


def _parts(yaml: YamlDocument) -> tuple[list[object], dict[str, object]]:
    value = yaml.value
    if isinstance(value, dict) and set(value) == {"documents", "requirements"}:
        rows, titles = value["requirements"], value["documents"]
        if isinstance(rows, list) and rows and isinstance(titles, dict):
            return rows, titles
    raise BrokenRegister("A register has a mapping, documents, and a list, requirements.", yaml.path.name)


def _parsed(
    yaml: YamlDocument, model: type[Model], at: tuple[str, str | int], faults: list[BrokenRegister]
) -> Model | None:
    entry = yaml.value[at[0]][at[1]]
    try:
        return model.model_validate(entry)
    except ValidationError as wrong:
        own = entry.get("id") if isinstance(entry, dict) else None
        name = own or at[-1]
        for error in wrong.errors():
            where = f"{yaml.path.name} line {yaml.line((*at, *error['loc']))}"
            key = ".".join(str(step) for step in error["loc"])
            message = error["msg"].removeprefix("Value error, ")
            faults.append(BrokenRegister(f"{name}: {key + ': ' if key else ''}{message}.", where))
        return None


def _repetitions(yaml: YamlDocument, rows: list[object]) -> Iterator[BrokenRegister]:
    ids: set[str] = set()
    owners: dict[str, str] = {}
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            continue
        own = str(row.get("id"))
        where = f"{yaml.path.name} line {yaml.line(('requirements', index))}"
        if own in ids:
            yield BrokenRegister(f"{own} is there twice.", where, "Give one of them another id.")
        ids.add(own)
        for name in row.get("bounds") or {}:
            if owners.setdefault(name, own) != own:
                what = f"{own}: {owners[name]} has the bound {name} already."
                yield BrokenRegister(what, where, "Keep one.")
