"""`amanat restore` and `amanat drill` before they touch a host: times, questions, what is due."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from amanat import recovery
from amanat.audit.drills import SignedDrill
from amanat.backups import Repository
from amanat.cli import recover
from amanat.errors import BadInput
from amanat.paths import StackPaths
from amanat.placement import NotPlaced
from amanat.schedule import Planned

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALONE = "config: {amanat:placement: {alpha: store}}\n"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("latest", None),
        (None, None),
        ("2026-11-22T14:00+03:30", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("۲۰۲۶-۱۱-۲۲T۱۴:۰۰", datetime(2026, 11, 22, 14, 0, tzinfo=UTC)),
        (" 2026-11-22 ", datetime(2026, 11, 22, tzinfo=UTC)),
        ("1405-09-01T14:00", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("۱۴۰۵/۹/۱ ۱۴:۰۰Z", datetime(2026, 11, 22, 14, 0, tzinfo=UTC)),
    ],
)
def test_a_time_may_have_a_zone_or_persian_digits(text, moment):
    assert recover.instant(text) == moment


@pytest.mark.parametrize(
    "text",
    ["yesterday", "", "14:00", "2026-13-01", "1405-12-30", "0001-01-01T00:00+03:30", "9999-12-31T23:59-03:30"]
    + ["$(reboot)"],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadInput, match="is not a (time|date)"):
        recover.instant(text)


@pytest.fixture
def known(monkeypatch):
    """A stack whose vault holds one backup; nothing else may be reached."""
    backup = {
        "label": "20261122-100000F",
        "type": "full",
        "timestamp": {"start": NOW.timestamp() - 7200, "stop": NOW.timestamp() - 7000},
        "info": {"size": 2**20},
        "database": {"id": 1},
        "error": False,
    }
    stanza = {"status": {"code": 0, "message": "ok"}, "db": [{"id": 1, "system-id": 7}], "backup": [backup]}
    monkeypatch.setattr(recover.Stack, "outputs", lambda self: {})
    monkeypatch.setattr(recovery, "repository", lambda paths: Repository.of(stanza, NOW))
    touched = []
    monkeypatch.setattr(recovery, "restore", lambda *given: touched.append(given))
    return touched


def test_nothing_is_restored_when_nobody_can_answer(known, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(BadInput, match="nobody is there to answer"):
        recover.restore(StackPaths("unit"), None, "why", yes=False)
    assert known == []
    assert "from the full backup 20261122-100000F" in capsys.readouterr().err


def test_a_time_that_no_backup_reaches_is_refused_before_anything(known):
    with pytest.raises(BadInput, match="before the first backup"):
        recover.restore(StackPaths("unit"), NOW - timedelta(days=1), "why", yes=True)
    assert known == []


@pytest.mark.parametrize(("last_days", "due"), [(None, True), (8, True), (6, False)])
def test_a_drill_is_due_by_the_operators_interval(monkeypatch, last_days, due):
    last = last_days and datetime.now(UTC) - timedelta(days=last_days)
    monkeypatch.setattr(recovery, "last_drill", lambda paths: last)
    assert recover.is_due(StackPaths("unit")) is due


@pytest.mark.parametrize(
    ("record", "ended"),
    [
        ("", None),
        ('{"at": "2026-11-20T10:00:00+00:00", "passed": true}\n', datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (
            '{"at": "2026-11-20T10:00:00+00:00", "passed": true}\n'
            '{"at": "2026-11-21T10:00:00+00:00", "passed": false}\n',
            None,
        ),
    ],
    ids=["none yet", "one that passed", "one that failed after it"],
)
def test_a_drill_that_failed_makes_the_next_one_due(monkeypatch, record, ended):
    vault = SimpleNamespace(run=lambda command: SimpleNamespace(stdout=record))
    hosts = SimpleNamespace(service=lambda name: vault)
    signed = SignedDrill({"passed": True}, datetime(2026, 11, 20, 10, 1, tzinfo=UTC), ())
    monkeypatch.setattr(recovery, "auditor", lambda paths: nullcontext(hosts))
    monkeypatch.setattr(recovery, "newest_signed", lambda row, key: signed)
    assert recovery.last_drill(StackPaths("unit")) == ended


@pytest.mark.parametrize("operation", ["restore", "drill"])
def test_a_stack_without_a_vault_has_nothing_to_restore(known, paths, operation):
    (paths.project / f"Pulumi.{paths.stack}.yaml").write_text(ALONE, "utf-8")
    with pytest.raises(NotPlaced, match="no machine carries vault"):
        recover.restore(paths, None, "test", yes=True) if operation == "restore" else recover.drill(
            paths, None
        )
    assert known == []


def test_no_drill_is_due_where_there_are_no_backups(paths, monkeypatch):
    (paths.project / f"Pulumi.{paths.stack}.yaml").write_text(ALONE, "utf-8")
    monkeypatch.setattr(recovery, "last_drill", lambda paths: pytest.fail("a vault was asked"))
    recover.drill_if_due(paths)


class Timers:
    """The timers of a stack, where no systemd is asked: what was installed, and whether it is there."""

    jobs: tuple[str, ...] = ()

    def __init__(self, paths):
        self._unit = paths.stack_id

    def unit(self, job):
        return f"amanat-{job}-{self._unit}"

    def on(self, jobs):
        Timers.jobs = tuple(job.name for job in jobs)

    def off(self):
        there, Timers.jobs = bool(Timers.jobs), ()
        return there

    def planned(self):
        return [Planned(name, name, "yesterday", "tomorrow", "success") for name in Timers.jobs]


@pytest.fixture
def timers(monkeypatch, paths):
    monkeypatch.setattr(Timers, "jobs", ())
    monkeypatch.setattr(recover, "Schedule", Timers)
    monkeypatch.setattr(recover, "Stack", lambda paths: SimpleNamespace(outputs=dict))
    return paths


def test_a_schedule_is_what_the_settings_want_and_is_told(timers):
    told = recover.schedule(timers, remove=False, show=False)
    assert Timers.jobs == ("drill", "converge", "audit")
    assert [one["name"] for one in told.values["timers"]] == list(Timers.jobs)
    assert "last yesterday (success), next tomorrow" in told.lines[0]


def test_a_schedule_of_nothing_removes_what_was_there(timers):
    recover.schedule(timers, remove=False, show=False)
    (timers.project / f"Pulumi.{timers.stack}.yaml").write_text(
        f"{ALONE[:-2]}, amanat:schedule_converge: 'off', amanat:schedule_audit: 'off'}}\n", "utf-8"
    )
    assert recover.schedule(timers, remove=False, show=False).lines == ("nothing is scheduled",)


def test_a_schedule_is_shown_without_a_change_and_removed(timers):
    assert recover.schedule(timers, remove=False, show=True).lines == ("nothing is scheduled",)
    recover.schedule(timers, remove=False, show=False)
    assert len(recover.schedule(timers, remove=False, show=True).values["timers"]) == 3
    assert recover.schedule(timers, remove=True, show=False).lines == ("the timers are removed",)
    assert recover.schedule(timers, remove=True, show=False).lines == ("nothing is scheduled",)
