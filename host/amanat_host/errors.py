"""How the hosts' programs fail: one error class, one table of exit statuses."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the hosts' programs."""

    DONE = 0
    FAILED = 1  # one message on standard error; of `integrity` also: something differs
    USAGE = 2  # wrong command line; of `integrity` also: AIDE itself failed
    NOTHING_TO_TRY = 3  # of probe-tamper: there is no message to try on
    NO_ANSWER = 75  # EX_TEMPFAIL of sysexits(3): what it needs is away, and may come back


class HostError(Exception):
    """What was wrong, where, and what to do; ends the program with one message and `status`."""

    status = Exit.FAILED

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        place = f" ({where})" if where else ""
        remedy = f"\n       {fix}" if fix else ""
        super().__init__(f"{what}{place}{remedy}")
