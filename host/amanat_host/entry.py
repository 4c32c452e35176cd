"""The entry point of every program of a host: its errors become one message and an exit status."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from amanat_host.errors import Exit, HostError
from amanat_host.processes import end_children_after

Main = Callable[[], int]
CHILD_SECONDS = 30.0


def program(work: Callable[[], int | None]) -> Main:
    """The main function of a program that does `work`: returns the exit status, never raises for what it met."""

    @functools.wraps(work)
    def main() -> int:
        try:
            return int(work() or Exit.DONE)
        except HostError as error:
            return failed(str(error), error.status)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return failed(str(error))

    return main


def failed(message: str, status: int = Exit.FAILED) -> int:
    """Say on standard error what was wrong; returns the exit status."""
    sys.stderr.write(f"error: {message}\n")
    return int(status)


def probe(
    description: str | None,
    questions: Mapping[str, Callable[[], object]],
    long_seconds: Mapping[str, float] | None = None,
) -> Main:
    """The main function of a probe: answers the one question it is asked, as JSON.

    A question is a word of the probe's own, "" for none at all. Nothing else of the caller's is read. What it starts
    has to end within seconds, so that a program that hangs is named while the audit waits; `long_seconds` are of
    questions whose programs may take longer.
    """

    @program
    def main() -> int:
        asked = sys.argv[1:] or [""]
        if len(sys.argv) > 2 or asked[0] not in questions or sys.argv[1:] == [""]:  # noqa: PLR2004
            sys.stderr.write(description or "")
            return Exit.USAGE
        end_children_after((long_seconds or {}).get(asked[0], CHILD_SECONDS))
        print_json(_answer(questions[asked[0]]))
        return Exit.DONE

    return main


def _answer(question: Callable[[], object]) -> object:
    """The answer to a question. Of what has another form than expected, an auditor is told where it was met alone."""
    try:
        return question()
    except ValueError as error:
        if isinstance(error, HostError):
            raise
        frames = traceback.extract_tb(error.__traceback__)
        at = ([one for one in frames if "amanat_host" in one.filename] or frames)[-1]
        place = f"{Path(at.filename).name}, line {at.lineno}"
        raise HostError(
            f"what was read has another form than expected: {type(error).__name__}", place
        ) from None


def print_json(answer: object) -> None:
    """Print an answer, a dataclass or plain values, as one line of JSON."""
    sys.stdout.write(json.dumps(answer, default=_plain, sort_keys=True) + "\n")
    sys.stdout.flush()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} is no answer")
