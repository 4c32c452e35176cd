"""What went wrong, where, and what to do: the one shape of every failure we show to a person."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from amanat.exit_codes import ExitCode

_INDENT = "       "  # as wide as "error: ", which the command line puts in front
_LONGEST_SHOWN = 60


class AmanatError(Exception):
    """A failure that a person can act on; its text never holds a traceback.

    `what` is a sentence, `where` a file, host or resource, `fix` the next step.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        super().__init__(what, where, fix)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        """The message for people: "what (where)", and the fix on an indented line of its own."""
        head = f"{self.what.removesuffix('.')} ({self.where})" if self.where else self.what
        return f"{head}\n{_INDENT}{self.fix}" if self.fix else head

    def as_json(self) -> dict[str, str]:
        """The message for machines: `what`, `where` and `fix`."""
        return {"what": self.what, "where": self.where, "fix": self.fix}


class BadInput(AmanatError):
    """Something a person wrote (a setting, a file, an argument) is refused; nothing has been changed."""

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED


class BadInputs(BadInput):
    """Several refusals told at once, numbered; `faults` holds each of them."""

    def __init__(self, faults: Sequence[BadInput], what: str, where: str = "") -> None:
        self.faults = tuple(faults)
        lines = [f"{number}. {_nested(fault)}" for number, fault in enumerate(self.faults, start=1)]
        super().__init__(what, where, f"\n{_INDENT}".join(lines))


_FULL = (errno.ENOSPC, errno.EDQUOT)
_ELSEWHERE = "Make it {}. What lies in your home can lie elsewhere: set AMANAT_HOME and XDG_CACHE_HOME."
_OS_FIXES = {
    errno.ENOSPC: "Free some space there, and run the same command again.",
    errno.EDQUOT: "Free some of your quota there, and run the same command again.",
    errno.EROFS: _ELSEWHERE.format("writable"),
    errno.EACCES: _ELSEWHERE.format("yours"),
    errno.EPERM: _ELSEWHERE.format("yours"),
    errno.EMFILE: "Raise the limit of open files (ulimit -n), and run the same command again.",
}


def of_os(error: OSError) -> AmanatError:
    """What the operating system refused, as a message: its own words, the file, and what helps."""
    where = " and ".join(str(name) for name in (error.filename, error.filename2) if name)
    if error.errno is None:  # a library's own, that only inherits from it
        return AmanatError(
            f"it failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}", where
        )
    if error.errno in _FULL and not where:
        where = "AMANAT_HOME, the cache or the directory of temporary files"
    fix = _OS_FIXES.get(error.errno, "Correct what it names, and run the same command again.")
    return AmanatError(f"this machine refuses: {error.strerror}", where, fix)


def _nested(fault: BadInput) -> str:
    return str(fault).replace("\n", "\n   ")


def each(faults: Iterable[BadInput]) -> Iterator[BadInput]:
    """The faults one by one, those that were told together taken apart."""
    for fault in faults:
        yield from fault.faults if isinstance(fault, BadInputs) else (fault,)


def refuse(faults: Sequence[BadInput], what: str, where: str = "") -> None:
    """Raise the only fault as itself, several as BadInputs; do nothing when there is none."""
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise BadInputs(faults, what, where)


def listed(names: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    *head, tail = names or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def shown(value: object) -> str:
    """`value` as a message may show it: one line of at most 60 characters, without control characters."""
    text = value if isinstance(value, str) else str(value)
    plain = bool(text) and text.isprintable() and "  " not in text and text == text.strip()
    safe = text if plain and not isinstance(value, list | dict) else repr(text)
    return safe if len(safe) <= _LONGEST_SHOWN else f"{safe[: _LONGEST_SHOWN - 1]}…"
