"""The link from a check to the law: `@requirement("A5-6-1-access")`."""

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pytest

from amanat.audit.ssh import COMMAND_SECONDS
from amanat_host.questions import Question

MARKER = "requirement"
PREFETCH = "prefetch"


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Mark a policy test with the ids of the requirements it measures (at least one).

    Raises `TypeError` for no id, or for the decorator used without a call.
    """
    if not ids or not all(isinstance(one, str) for one in ids):
        raise TypeError('write the ids in the marker: @requirement("A5-6-1-access")')
    return pytest.mark.requirement(*ids)


def prefetch(
    command: str | Question[Any], *, service: str = "", seconds: float = COMMAND_SECONDS
) -> pytest.MarkDecorator:
    """Have a command or probe that takes long started when the audit begins; the tests that run it share its result.

    Only for commands whose result doesn't depend on what other checks do, so that once is enough.
    It runs on the machine that carries `service`; without one, on the test's `machine`, else the store's. `seconds`
    bounds it.
    """
    line = command if isinstance(command, str) else command.command
    return pytest.mark.prefetch(line, service=service, seconds=seconds)


def ids_of(item: pytest.Item) -> tuple[str, ...]:
    """The requirement ids of a test, in the order of its markers, each once."""
    marked = (one for mark in item.iter_markers(MARKER) for one in mark.args)
    return tuple(dict.fromkeys(str(one) for one in marked))


def prefetched(items: Iterable[pytest.Item]) -> Iterator[tuple[str, str, float]]:
    """What the `prefetch` markers of these tests name: (machine or service, command, seconds)."""
    for item in items:
        for mark in item.iter_markers(PREFETCH):
            yield mark.kwargs["service"] or _machine_of(item), mark.args[0], mark.kwargs["seconds"]


def _machine_of(item: pytest.Item) -> str:
    called = getattr(item, "callspec", None)
    return str(called.params.get("machine", "store")) if called else "store"


def faults(items: Iterable[pytest.Item], known: Collection[str]) -> Iterator[str]:
    """One sentence for each test that no requirement, or an unknown one, stands behind."""
    for item in items:
        ids = ids_of(item)
        if not ids:
            yield f'{item.nodeid}: no requirement; add @requirement("<id>") from the law register'
        for one in ids:
            if one not in known:
                yield f"{item.nodeid}: {one} is not a requirement of the law register{_hint(one, known)}"


def _hint(wrong: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(wrong, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
