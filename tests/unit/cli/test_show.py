"""What a person sees while Pulumi works, and that it stays off standard output."""

import io
import os
from contextlib import suppress
from types import SimpleNamespace

import pytest
from rich.console import Console

from amanat.cli.show import Show

URN = "urn:pulumi:unit::amanat::amanat:targets:DockerHost$docker:index/container:Container::store"


def event(**parts):
    return SimpleNamespace(
        **{"resource_pre_event": None, "res_outputs_event": None, "diagnostic_event": None, **parts}
    )


def step(operation, urn=URN):
    return SimpleNamespace(metadata=SimpleNamespace(op=SimpleNamespace(value=operation), urn=urn))


def said(message, severity="info"):
    return event(diagnostic_event=SimpleNamespace(severity=severity, message=message))


@pytest.fixture
def show():
    made = Show()
    made.console = Console(file=io.StringIO(), width=40)
    return made


@pytest.fixture
def lines(show):
    """The lines shown so far, without their times."""
    return lambda: [line.strip().split("  ", 1)[1] for line in show.console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        ("create", "store (Container) made"),
        ("update", "store (Container) updated"),
        ("delete", "store (Container) removed"),
        ("create-replacement", "store (Container) made anew"),
        ("delete-replaced", "store (Container) removed the old"),
        ("import", "store (Container) import"),
    ],
)
def test_a_finished_step_is_a_line(show, lines, operation, line):
    show(event(res_outputs_event=step(operation)))
    assert (lines(), show.changes) == ([line], 1)


@pytest.mark.parametrize("operation", ["same", "read", "refresh", "replace"])
def test_what_changes_nothing_is_quiet(show, lines, operation):
    show(event(res_outputs_event=step(operation)))
    assert (lines(), show.changes) == ([], 0)


def test_a_plan_tells_what_would_be(lines, show):
    show._planning = True
    show(event(resource_pre_event=step("create")))
    show(event(res_outputs_event=step("create")))  # Pulumi tells the outputs of a plan, too
    show(event(resource_pre_event=step("update")))
    show(event(res_outputs_event=step("update")))
    assert lines() == ["store (Container) would be made", "store (Container) would be updated"]
    assert show.changes == 2


def test_outside_a_plan_the_beginning_of_a_step_is_quiet(show, lines):
    show(event(resource_pre_event=step("create")))
    assert lines() == []


def test_operations_may_be_plain_words(show, lines):
    show(event(res_outputs_event=SimpleNamespace(metadata=SimpleNamespace(op="create", urn=URN))))
    assert lines() == ["store (Container) made"]


def test_messages_are_shown_plainly_and_errors_kept_for_the_end(show, lines):
    show(said("<{%fg 2%}>task 3: [bold]x[/bold]<{%reset%}>\n"))
    show(said("careful", "warning"))
    show(said("broken", "error"))
    show(said("  "))
    show(event())
    assert lines() == ["task 3: [bold]x[/bold]", "careful"]


def test_a_long_line_is_not_folded(show, lines):
    show(said("x" * 200))
    assert lines() == ["x" * 200]


def test_progress_goes_to_the_error_stream(capsys):
    Show().line("working")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("working\n")


def test_a_reader_that_went_away_stops_no_run(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    nobody = os.fdopen(writing, "w")
    monkeypatch.setattr("sys.stderr", nobody)
    show = Show()
    show(said("first"))
    show(said("second"))
    with suppress(BrokenPipeError):  # of what its buffer still holds
        nobody.close()
    assert show.console.quiet
