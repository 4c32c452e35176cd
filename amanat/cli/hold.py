"""`amanat hold`: keep what a court order names past its retention, list what is held, release it."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from amanat import holds
from amanat.calendars import both, instant_of
from amanat.cli.disclose import StackName, archive_session
from amanat.errors import BadInput
from amanat.paths import StackPaths

app = typer.Typer(no_args_is_help=True, help="Legal holds: keep what a court order names past its retention.")
Order = Annotated[str, typer.Option(help="The court order's number.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@app.command("add")
def add(
    order: Order,
    approver: Annotated[str, typer.Option(help="Who approved carrying the order out.")],
    until: Annotated[
        str, typer.Option(help="The time that the hold ends, Gregorian (UTC unless it says) or Solar Hijri.")
    ],
    account: Annotated[list[str] | None, typer.Option(help="An account; repeatable.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="A number or address; repeatable.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Records made from this time on.")] = None,
    before: Annotated[str | None, typer.Option("--to", help="Records made before this time.")] = None,
    stack: StackName = "local",
) -> None:
    """Hold what the options select: no month or day that has such a record is purged until then."""
    selector = holds.Selector(
        parties=(*(account or ()), *(number or ())),
        since=instant_of(since, "--from") if since is not None else None,
        until=instant_of(before, "--to") if before is not None else None,
    )
    ends = instant_of(until, "--until")
    if ends <= _now():
        raise BadInput(f"{both(ends)} has passed", "--until", f"It is {both(_now())}.")
    with archive_session(StackPaths(stack)) as session:
        made = holds.add(session, order, approver, selector, ends, _say)
        typer.echo("\n".join(holds.lines(holds.held_by(session, made, _say))))


@app.command("list")
def list_(stack: StackName = "local", as_json: AsJson = False) -> None:
    """Say every hold: its order, what it selects and until when, and how many records of which months that is."""
    with archive_session(StackPaths(stack)) as session:
        found = holds.held(session, _say)
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        lines = [line for hold in found for line in holds.lines(hold)]
        typer.echo("\n".join(lines or ["nothing is held"]))


@app.command("release")
def release(
    order: Order,
    approver: Annotated[str, typer.Option(help="Who approved the release.")],
    stack: StackName = "local",
) -> None:
    """End the holds of an order; what is past its retention goes with the next purge."""
    with archive_session(StackPaths(stack)) as session:
        count = holds.release(session, order, approver, _say)
    typer.echo(f"{count} hold{'' if count == 1 else 's'} released; the next purge takes what is due")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _now() -> datetime:
    return datetime.now(UTC)
