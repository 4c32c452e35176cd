"""Events of a running Pulumi operation, listened to; its failure as one error."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pulumi import automation

from amanat.errors import AmanatError
from amanat.pulumi_errors import explain
from amanat.stopping import STOPPING

_COLOUR = re.compile(r"<\{%.*?%\}>")
OnEvent = Callable[[automation.EngineEvent], Any]


@contextmanager
def heard(on_event: OnEvent) -> Iterator[OnEvent]:
    """Listen to an operation's events; when it fails, raise what its diagnostics say."""
    errors: list[str] = []
    printed: list[str] = []

    def listen(event: automation.EngineEvent) -> None:
        if STOPPING.asked:  # what now fails was asked to end
            return
        diagnostic = event.diagnostic_event
        if diagnostic is not None and diagnostic.severity == "error":
            errors.append(plain(diagnostic.message).removeprefix("error: "))
        elif diagnostic is not None and diagnostic.severity == "info#err":
            printed.append(plain(diagnostic.message))
        on_event(event)

    try:
        yield listen
    except automation.CommandError as error:
        raise explain(str(error), errors, printed) from error


def plain(message: str) -> str:
    """A message of Pulumi's without its colour marks."""
    return _COLOUR.sub("", message).strip()


@contextmanager
def explained() -> Iterator[None]:
    """Raise what a failed Pulumi command said as one error, and so one that could not be run."""
    try:
        yield
    except automation.CommandError as error:
        raise explain(str(error)) from error
    except (OSError, json.JSONDecodeError) as error:
        raise AmanatError(
            what=f"Pulumi could not be run: {error}", where="pulumi", fix="Run `make tools`, then again."
        ) from error
