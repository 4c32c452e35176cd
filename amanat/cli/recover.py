"""`amanat restore` and `amanat drill`: what they ask, tell and answer."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import typer

from amanat import processes, recovery
from amanat.audit.timing import AHEAD_SECONDS
from amanat.calendars import instant_of
from amanat.cli.operations import Result
from amanat.cli.show import Show
from amanat.errors import BadInput
from amanat.paths import PROJECT_ROOT, StackPaths
from amanat.schedule import Schedule, jobs_of
from amanat.settings import Settings
from amanat.stack import Stack

LATEST = "latest"


def instant(text: str | None) -> datetime | None:
    """A time from the command line, of either calendar; None for nothing or `latest`. Raises BadInput."""
    if text is None or text.strip() == LATEST:
        return None
    return instant_of(text, "--target-time")


def restore(
    paths: StackPaths, target: datetime | None, reason: str, *, yes: bool, lose_unsent: bool = False
) -> Result:
    """Show the plan, ask, restore, converge."""
    Stack(paths).outputs()
    recovery.require_backups(paths)
    known = recovery.repository(paths)
    plan = known.plan(target)
    for line in [f"the archive of stack {paths.stack} is replaced:", *plan.lines(known.now)]:
        typer.echo(line, err=True)
    if not yes:
        _ask("Replace the archive?")
    show = Show()
    done = recovery.restore(paths, target, reason, show.line, cluster=known.cluster, lose_unsent=lose_unsent)
    show.line("the archive is back and verified; converging the hosts")
    Stack(paths).up(show, force=True)
    values = done.values
    lines = (
        f"restored from backup {plan.backup.label}, timeline {values['timeline']}, in {done.seconds:.0f} s",
        f"head {values['seq']} {values['hash']}, {values['records']} records, verified",
        "next: `make audit`",
    )
    return Result({"stack": paths.stack_id, "backup": plan.backup.label, **values}, lines)


def drill(paths: StackPaths, target: datetime | None) -> Result:
    """Prove the backups on a scratch host."""
    Stack(paths).outputs()
    recovery.require_backups(paths)
    if target is not None:
        recovery.repository(paths).plan(target)
    show = Show()
    show.line("making the scratch host")
    done = recovery.drill(paths, target, show.line)
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
    return Result({"stack": paths.stack_id, "evidence": str(done.evidence), **values}, lines)


def drill_if_due(paths: StackPaths) -> None:
    """Drill in a process of its own when the last one is too old; one that fails shows in the audit that follows.

    A stack without backups has nothing to drill; its audit says so.
    """
    if recovery.has_backups(paths) and is_due(paths):
        typer.echo("a restore drill is due: proving the backups on a scratch host", err=True)
        command = [sys.executable, "-m", "amanat", "drill", f"--stack={paths.stack}"]
        processes.run(command, own=True, seconds=None, cwd=PROJECT_ROOT, stdout=sys.stderr)


def schedule(paths: StackPaths, *, remove: bool, show: bool) -> Result:
    """Install the timers that the settings want, or remove them, or neither; then say what is scheduled."""
    timers = Schedule(paths)
    removed = False
    if remove:
        removed = timers.off()
    elif not show:
        Stack(paths).outputs()
        jobs = jobs_of(Settings.of(paths), has_backups=recovery.has_backups(paths))
        timers.on(jobs) if jobs else timers.off()
    planned = timers.planned()
    lines = [one.words for one in planned] or [
        "the timers are removed" if removed else "nothing is scheduled"
    ]
    if planned:
        lines.append(f"last words of a run: journalctl --unit={timers.unit('NAME')}, or --user-unit=")
    values = {"stack": paths.stack_id, "timers": [asdict(one) for one in planned]}
    return Result(values, tuple(lines))


def is_due(paths: StackPaths) -> bool:
    """Whether the last drill is older than the operator's interval, dated ahead, or there was none."""
    settings = Settings.of(paths)
    last = recovery.last_drill(paths)
    if last is None:
        return True
    age = datetime.now(UTC) - last
    return age > timedelta(days=settings.restore_drill_days) or age < -timedelta(seconds=AHEAD_SECONDS)


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise BadInput("nobody is there to answer", "standard input", "Give --yes to go on without asking.")
    typer.confirm(question, abort=True, err=True)
