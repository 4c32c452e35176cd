"""Failures of the set-up. Each is one message: what is wrong, where, and what to do."""

from typing import ClassVar

from amanat.errors import AmanatError
from amanat.exit_codes import ExitCode


class SetupError(AmanatError):
    """The machine can't be made ready."""


class BadMirror(SetupError):
    """A mirror or trust setting can't be used."""

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED


class DownloadUnreachable(SetupError):
    """The official download can't be had from here; building from source still may work."""


class DownloadRefused(SetupError):
    """Something came, and it isn't what its makers published. Never fall back from this silently."""


class BuildFailed(SetupError):
    """Building from source didn't work."""


class PackagesMissing(SetupError):
    """Distribution packages are needed and can't be installed by us."""
