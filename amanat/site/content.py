"""What the site tells, taken from the stack's settings: names, declarations, and how long data is kept."""

from dataclasses import dataclass
from typing import Literal, Self

from amanat.declarations import SETTING, Declarations
from amanat.errors import BadInput
from amanat.setting_errors import NAMESPACE
from amanat.settings import Settings

RETENTION_PREFIX = "amanat:"  # of a retention's propertyID in the markup: the setting it comes from
Unit = Literal["days", "backups"]


class NothingDeclared(BadInput):
    """A site was asked for, and the stack's settings declare nothing that it could show."""


@dataclass(frozen=True)
class Retention:
    """How long a kind of data is kept: the setting that decides it, and its number in `unit`."""

    kind: str
    setting: str
    value: int
    unit: Unit = "days"


@dataclass(frozen=True)
class Content:
    """All that pages are rendered from. `has_desk`: whether a support form has somebody to send to."""

    name_fa: str
    name_en: str
    declared: Declarations
    retention: tuple[Retention, ...]
    has_desk: bool

    @classmethod
    def of(cls, settings: Settings, file: str = "Pulumi.<stack>.yaml") -> Self:
        """The content of a stack's site. Raises NothingDeclared, naming `file`."""
        if settings.declared is None:
            raise NothingDeclared(
                f"{SETTING} is not set, so there is nothing to show",
                file,
                f"Set {NAMESPACE}:{SETTING}; the guide shows an example.",
            )
        return cls(
            settings.operator_name_fa,
            settings.operator_name_en,
            settings.declared,
            retention(settings),
            has_desk=False,  # until the form has somebody to take it
        )

    def name(self, language: str) -> str:
        """The operator's name in a language."""
        return self.name_en if language == "en" else self.name_fa

    def keeps(self, kind: str) -> bool:
        """Whether the stack's machines keep this kind of data."""
        return any(row.kind == kind for row in self.retention)


def retention(settings: Settings) -> tuple[Retention, ...]:
    """What the stack's machines keep, and how long; what no machine keeps is left out."""
    kept: list[Retention] = []
    if settings.machines.carries("store"):
        # Both lie in one chain and expire together, so the longer choice holds.
        days = max(settings.message_retention_days, settings.transaction_retention_days)
        kept += [
            Retention("messages", "message_retention_days", days),
            Retention("transactions", "transaction_retention_days", days),
            Retention("addresses", "ip_retention_days", settings.ip_retention_days),
        ]
    if settings.machines.carries("logs"):
        kept.append(Retention("journals", "log_retention_days", settings.log_retention_days))
    if settings.machines.carries("vault"):
        kept += [
            Retention("backups", "full_backups_kept", settings.full_backups_kept, "backups"),
            Retention("copies", "copies_keep_days", settings.copies_keep_days),
        ]
    return tuple(kept)
