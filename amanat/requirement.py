"""One requirement of the law as data: its source, its words, its status and its bounds."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, StrictFloat, StrictInt, model_validator

from amanat.strict_model import StrictModel

Document = Literal["rule", "union", "ecl", "ccl"]
ServiceName = Literal["edge", "store", "vault", "desk", "otp", "logs"]
Status = Literal["automated", "declared", "declared+automated", "informative"]
Origin = Literal["law", "ours"]
Number = StrictInt | StrictFloat
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Words = Annotated[str, Field(min_length=3)]


class Text(StrictModel):
    """The same words in English and in Persian."""

    en: Words
    fa: Words


class Source(StrictModel):
    """Where a duty is written, numbered as in the source: the clauses of Article 5 are 6-1 to 6-4."""

    document: Document = "rule"
    article: Annotated[int, Field(ge=1)] | None = None
    clause: Annotated[str, Field(pattern=r"^(\d+-\d+|note)$")] | None = None

    @property
    def place(self) -> str:
        """ "Article 6 clause 7-2", "Article 2 note", or "" where the document has no articles."""
        if self.article is None:
            return ""
        part = {None: "", "note": " note"}.get(self.clause, f" clause {self.clause}")
        return f"Article {self.article}{part}"


class Bound(StrictModel):
    """A limit: `min` and/or `max` of a number in `unit`, or the names that a list must include.

    `origin` is law where the text gives it, ours where the text gives none; `why` is the reason for this one.
    `measured_by` is the bound of the same requirement that a host is compared with, where this one bounds a choice
    alone: a backup that is made every N days is never exactly N days old.
    """

    min: Number | None = None
    max: Number | None = None
    includes: tuple[Name, ...] = ()
    unit: Words
    origin: Origin
    why: Words
    measured_by: Name | None = None

    @model_validator(mode="after")
    def _has_one_sense(self) -> Self:
        numeric = self.min is not None or self.max is not None
        if numeric == bool(self.includes):
            raise ValueError("a bound has either min and/or max, or includes")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def allows(self, value: int | float | Sequence[str]) -> bool:
        """Whether `value` keeps the bound: a number in its unit for min and max, names for includes."""
        if not isinstance(value, int | float):
            return set(self.includes) <= set(value)
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class Later(StrictModel):
    """A part of a requirement that this release lacks, and what it arrives with: a service, or a part of one."""

    what: Words
    arrives_with: ServiceName | Literal["dossier", "intake", "monitoring", "sealing"]


class Requirement(StrictModel):
    """One row of our reading of the law.

    `origin` is law where the text itself demands it, ours where we infer the duty from the texts; `reading` then
    says how. `built` is whether this release builds and measures it, `later` which parts it lacks; `measures` says
    what a program measures of a requirement that is declared as well. It is measured on the machines of `services`,
    each of which a stack has to have, and of those `where_placed`.
    """

    id: Annotated[str, Field(pattern=r"^(A[1-8]|U)(-\d+-\d+)?-[a-z]+$")]
    source: Source
    see_also: tuple[Source, ...] = ()
    origin: Origin = "law"
    reading: Text | None = None
    title: Text
    text: Text
    status: Status
    measures: Words | None = None
    built: bool
    later: tuple[Later, ...] = ()
    services: tuple[ServiceName, ...] = ()
    where_placed: tuple[ServiceName, ...] = ()
    bounds: Mapping[Name, Bound] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        clause = f"-{self.source.clause}" if self.source.clause and self.source.clause != "note" else ""
        prefix = "U" if self.source.document == "union" else f"A{self.source.article}{clause}"
        if self.id.rpartition("-")[0] != prefix:
            raise ValueError(f"the id should begin with {prefix}-, as its source says")
        if (self.origin == "ours") != (self.reading is not None):
            raise ValueError("reading belongs to origin ours, and only there")
        if (self.status == "declared+automated") != (self.measures is not None):
            raise ValueError("measures belongs to declared+automated, and only there")
        if self.is_automated and not self.built and not self.later:
            raise ValueError("what is not built needs a later list that names the service that brings it")
        for name, bound in self.bounds.items():
            if bound.measured_by and (bound.measured_by == name or bound.measured_by not in self.bounds):
                raise ValueError(f"{name} is measured_by {bound.measured_by}, which is no other bound of it")
        if self.is_automated and not self.services:
            raise ValueError("an automated requirement names the services that are measured")
        return self

    @property
    def is_automated(self) -> bool:
        """Whether a program measures it, wholly or in part."""
        return self.status in ("automated", "declared+automated")

    @property
    def is_declared(self) -> bool:
        """Whether the operator states it, wholly or in part."""
        return self.status in ("declared", "declared+automated")


class DocumentTitle(StrictModel):
    """A document: its title, how a citation names it, and the file with its text, where we hold it."""

    title: Text
    cite: Text
    file: str | None = None
