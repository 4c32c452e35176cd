"""Why a check could not be made."""

from amanat.errors import AmanatError


class NotChecked(AmanatError):
    """The check could not measure what it should: neither satisfied nor not-satisfied, never left out."""


class NotDeclared(NotChecked):
    """The operator declares nothing that could be measured: what he has yet to be given, a seal or a licence."""


class Unreachable(NotChecked):
    """A host or a service doesn't answer, so nothing about it was measured."""
