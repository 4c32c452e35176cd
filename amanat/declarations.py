"""What the operator declares of himself: the setting `declarations`, checked in form and against the law.

A declaration is a claim. Writing it here proves nothing: the audit shows it as declared, for an auditor to judge.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ValidationError, ValidationInfo, field_validator

from amanat import declared_values, validators
from amanat.errors import BadInput, each, refuse
from amanat.law import OutsideTheLaw, register
from amanat.setting_errors import to_error
from amanat.strict_model import StrictModel
from amanat.validators import InvalidValue

SETTING = "declarations"
ENAMAD_HOST = "trustseal.enamad.ir"  # where eNAMAD shows the seals that it gave
MOST_RIAL = 10**12
SAMPLE_REGISTRATION_NUMBER = "000000"  # of nobody: the template of settings has it
Period = Literal["message", "minute", "day", "month", "year", "once"]

Name = Annotated[str, validators.proper_name()]
PersianName = Annotated[str, validators.proper_name(persian=True)]
Prose = Annotated[str, declared_values.prose()]
PersianProse = Annotated[str, declared_values.prose(persian=True)]
Day = Annotated[date, declared_values.day()]
Number = Annotated[str, declared_values.document_number()]


class Price(StrictModel):
    """A service and what it costs: an amount in rial for each `per`."""

    name_fa: PersianName
    name_en: Name
    amount_rial: Annotated[int, validators.integer(0, MOST_RIAL)]
    per: Annotated[Period, validators.one_of(*get_args(Period))]


class PriceList(StrictModel):
    """The operator's prices, and the day on which he last confirmed them."""

    date: Day
    items: tuple[Price, ...]

    @field_validator("items", mode="after")
    @classmethod
    def _has_one(cls, value: tuple[Price, ...]) -> tuple[Price, ...]:
        if not value:
            raise InvalidValue("is empty", "one price or more")
        return value


class _Term(StrictModel):
    """What is given on a day for a time; `ends` is its last day."""

    issued: Day
    ends: Day

    @field_validator("ends", mode="after")
    @classmethod
    def _ends_later(cls, value: date, info: ValidationInfo) -> date:
        if value <= info.data.get("issued", date.min):
            raise InvalidValue("is not after issued", "the last day on which it is valid")
        return value


class Enamad(_Term):
    """The eNAMAD seal as the code that its centre gives for a site's pages has it: `id` and `Code` of the link."""

    id: Annotated[str, declared_values.enamad_id()]
    code: Annotated[str, declared_values.enamad_code()]

    @field_validator("ends", mode="after")
    @classmethod
    def _lasts_a_year(cls, value: date, info: ValidationInfo) -> date:
        days = (value - info.data.get("issued", value)).days
        bound = register().bound("U-enamad", "enamad_validity_days")
        if not bound.allows(days):
            what = (
                f"{SETTING}.enamad.ends = {value} is {days} days after issued, above {bound.max}, the most that"
                f" {register().citation('U-enamad')} allows (U-enamad)."
            )
            file = validators.file_of(info)
            raise InvalidValue(
                "is outside the law",
                "",
                OutsideTheLaw(
                    what, fix=f"In {file}, set amanat:{SETTING}.enamad.ends to a day within a year of issued."
                ),
            )
        return value

    @property
    def link(self) -> str:
        """Where eNAMAD itself shows the seal."""
        return f"https://{ENAMAD_HOST}/?id={self.id}&Code={self.code}"


class Licence(_Term):
    """The union's licence (parvaneh)."""

    number: Number
    issuer_fa: PersianName
    issuer_en: Name


class Approval(StrictModel):
    """A committee's approval; `link` is where the committee shows it, or ""."""

    committee_fa: PersianName
    committee_en: Name
    number: Number
    date: Day
    link: Annotated[
        str, declared_values.link("an address such as https://committee.example/17, or leave it out")
    ] = ""


class Declarations(StrictModel):
    """The whole group; the names by which the operator is known are settings of their own, operator_name_fa and _en."""

    registered_name_fa: PersianName
    registered_name_en: Name
    registration_number: Number
    about_fa: Annotated[str, declared_values.prose(persian=True, may_be_empty=True)] = ""
    about_en: Annotated[str, declared_values.prose(may_be_empty=True)] = ""
    address_fa: PersianProse
    address_en: Prose
    postal_code: Annotated[
        str,
        declared_values.digits(10, "a postal code of ten digits in quotes, or leave it out"),
    ] = ""
    landline: Annotated[str, declared_values.landline()]
    email: Annotated[str, declared_values.mail_address()]
    price_list: PriceList
    enamad: Enamad | None = None
    licence: Licence | None = None
    committee_approvals: tuple[Approval, ...] = ()

    @property
    def is_sample(self) -> bool:
        """Whether they are those that a new stack's settings begin with."""
        return self.registration_number == SAMPLE_REGISTRATION_NUMBER

    @classmethod
    def parse(cls, given: Mapping[str, Any], file: str = "Pulumi.<stack>.yaml") -> Self:
        """The declarations in `given`, the setting's mapping.

        Raises BadSetting or OutsideTheLaw for a single fault, BadInputs with all of them otherwise; each names the
        path of what it is about, such as declarations.price_list.items[0].per, and `file`.
        """
        try:
            return cls.model_validate(given, context={"file": file})
        except ValidationError as wrong:
            faults: list[BadInput] = [
                to_error(error, file, SETTING, known=_names_beside(error["loc"])) for error in wrong.errors()
            ]
            found = list(each(faults))
        refuse(found, f"{len(found)} things in {SETTING} are refused", file)
        raise AssertionError("pydantic refuses with at least one error")


def _names_beside(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The names that may stand where the last step of `path` does."""
    model: type[BaseModel] = Declarations
    for step in path[:-1]:
        if isinstance(step, str) and step in model.model_fields:
            annotation = model.model_fields[step].annotation
            inner = [one for one in (annotation, *get_args(annotation)) if _is_model(one)]
            model = inner[0] if inner else model
    return tuple(model.model_fields)


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
