"""Exit codes of the `amanat` command: what a timer or a script can act on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes; `meaning` says what each tells the caller."""

    DONE = 0
    FAILED = 1
    REFUSED = 2
    BUSY = 75  # EX_TEMPFAIL of sysexits.h: "temporary failure; user is invited to retry"
    INTERRUPTED = 130  # what typer makes of Ctrl-C, as shells do: 128 and the signal's number

    @property
    def meaning(self) -> str:
        """What it tells the caller."""
        return MEANINGS[self]


MEANINGS = {
    ExitCode.DONE: "done, green, no drift",
    ExitCode.FAILED: "failed, not green, or drift",
    ExitCode.REFUSED: "refused input; nothing was changed",
    ExitCode.BUSY: "busy; another run works on the stack and nothing was changed: try again later",
    ExitCode.INTERRUPTED: "stopped by you; the same command goes on from there",
}
SUMMARY = (
    "Exit codes: " + "; ".join(f"{code.value} {code.meaning.partition(';')[0]}" for code in ExitCode) + "."
)
