"""`amanat restore` and `amanat drill`: what they ask, tell and answer."""

import sys
from datetime import UTC, datetime, timedelta

import typer

from amanat import processes, recovery
from amanat.audit.ages import AHEAD_SECONDS
from amanat.calendars import instant_of
from amanat.cli.operations import Answer
from amanat.cli.show import Show
from amanat.errors import BadInput
from amanat.places import PROJECT_ROOT, Places
from amanat.schedule import Schedule
from amanat.settings import Settings
from amanat.stack import Stack

LATEST = "latest"


def instant(text: str | None) -> datetime | None:
    """A time from the command line, of either calendar; None for nothing or `latest`. Raises BadInput."""
    if text is None or text.strip() == LATEST:
        return None
    return instant_of(text, "--target-time")


def restore(
    places: Places, target: datetime | None, reason: str, *, yes: bool, lose_unsent: bool = False
) -> Answer:
    """Show the plan, ask, restore, converge."""
    Stack(places).outputs()
    recovery.require_backups(places)
    known = recovery.repository(places)
    plan = known.plan(target)
    for line in [f"the archive of stack {places.stack} is replaced:", *plan.lines(known.now)]:
        typer.echo(line, err=True)
    if not yes:
        _ask("Replace the archive?")
    show = Show()
    done = recovery.restore(places, target, reason, show.line, cluster=known.cluster, lose_unsent=lose_unsent)
    show.line("the archive is back and verified; converging the hosts")
    Stack(places).up(show, force=True)
    values = done.values
    lines = (
        f"restored from backup {plan.backup.label}, timeline {values['timeline']}, in {done.seconds:.0f} s",
        f"head {values['seq']} {values['hash']}, {values['records']} records, verified",
        "next: `make audit`",
    )
    return Answer({"stack": places.stack_id, "backup": plan.backup.label, **values}, lines)


def drill(places: Places, target: datetime | None) -> Answer:
    """Prove the backups on a scratch host."""
    Stack(places).outputs()
    recovery.require_backups(places)
    if target is not None:
        recovery.repository(places).plan(target)
    show = Show()
    show.line("making the scratch host")
    done = recovery.drill(places, target, show.line)
    values = done.values
    lines = (
        f"restored {values['records']} records, {values['bytes'] / 2**20:.0f} MiB,"
        f" in {values['restore_seconds']} s (RTO)",
        f"a lost store would have cost the last {values['loss_seconds']} s (RPO)",
        f"head {values['restored_head']['seq']} {values['restored_head']['hash']}: in the store's chain,"
        f" and every anchored head up to it is there ({values['anchors']} anchored)",
        *(
            f"files of {host}: {copy['same']} compared with its newest copy, none differs"
            for host, copy in values["copies"].items()
        ),
        f"evidence: {done.evidence}",
        "next: `make audit`",
    )
    return Answer({"stack": places.stack_id, "evidence": str(done.evidence), **values}, lines)


def drill_if_due(places: Places) -> None:
    """Drill in a process of its own when the last one is too old; one that fails shows in the audit that follows.

    A stack without backups has nothing to drill; its audit says so.
    """
    if recovery.has_backups(places) and is_due(places):
        typer.echo("a restore drill is due: proving the backups on a scratch host", err=True)
        command = [sys.executable, "-m", "amanat", "drill", f"--stack={places.stack}"]
        processes.run(command, own=True, seconds=None, cwd=PROJECT_ROOT, stdout=sys.stderr)


def schedule(places: Places, *, on: bool) -> Answer:
    """Install or remove the timer that drills when one is due."""
    timer = Schedule(places)
    if on:
        Stack(places).outputs()
        recovery.require_backups(places)
        name = timer.on()
        told = f"{name} asks every day whether a drill is due; its last words: journalctl --unit={timer.name}"
    else:
        told = f"{timer.name}.timer is removed" if timer.off() else "no timer was installed"
    return Answer({"stack": places.stack_id, "timer": f"{timer.name}.timer", "on": on}, (told,))


def is_due(places: Places) -> bool:
    """Whether the last drill is older than the operator's interval, dated ahead, or there was none."""
    settings = Settings.of(places)
    last = recovery.last_drill(places)
    if last is None:
        return True
    age = datetime.now(UTC) - last
    return age > timedelta(days=settings.restore_drill_days) or age < -timedelta(seconds=AHEAD_SECONDS)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise BadInput("nobody is there to answer", "standard input", "Give --yes to go on without asking.")
    typer.confirm(question, abort=True, err=True)
